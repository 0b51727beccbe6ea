#!/bin/sh
# doctor.sh [BUILD]: `trunkaudit doctor`: a set-up where all is good, each thing that may be wrong with one, what is said of it, and that
# nothing is changed by looking: no file, no database, no word to a carrier or to the journal.
# It mounts: journald's socket is one of its own, and one directory is for reading only.
set -u
if [ "${1:-}" != --inside ]; then
	[ "$(id -u)" -eq 0 ] && map='' || map=--map-root-user
	# shellcheck disable=SC2086 # an option, or none
	exec unshare $map --mount --propagation private -- sh "$0" --inside "${1:-build}"
fi
shift
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY CREDENTIALS_DIRECTORY

${CC:-cc} -D_GNU_SOURCE -O1 -o "$dir/notify_listen" tests/service/notify_listen.c || give_up "compile"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/journal
: >"$dir/journal"
"$dir/notify_listen" /run/systemd/journal/socket "$dir/journal" &
pids="$pids $!"
wait_for "the journal's socket" test -S /run/systemd/journal/socket

peers='ntp name=one
ntp name=two
ntp name=three
names answer=unknown
trunk primary auth=basic challenge=none
trunk secondary user=alice password=open-sesame
trunk hashed user=carol password=open-sesame secret=ha1'
printf 'api\n%s\n' "$peers" >"$dir/good.scenario"
printf 'api\n%s\n' "$peers" >"$dir/quiet.scenario"
printf 'api listing_status=403 identity=no audit_view=no\n%s\n' "$peers" | sed 's/^ntp.*/& answer=silent/' >"$dir/denied.scenario"
printf 'api trusted=no\n%s\n' "$peers" >"$dir/untrusted.scenario"

# All that may change by itself is left out: the lab notes each token that it gives.
state_of() {
	find "$1" -type f ! -name tokens ! -name '*-shm' -printf '%p %m %u %s %T@ ' -exec sha256sum {} \;
	find "$1" ! -name tokens -printf '%y %p\n' | sort
}

# doctor RC NAME LAB [COMMAND...]: `trunkaudit doctor` with $dir/NAME.yaml; the output is in $dir/NAME.out. LAB's directory stays as it is.
doctor() {
	rc=$1 name=$2 world=$dir/$3
	shift 3
	[ $# -gt 0 ] || set -- doctor
	got=0
	state_of "$world" >"$dir/before"
	find "$dir" -maxdepth 1 -printf '%f\n' | sort >"$dir/files"
	"$build/trunkaudit" --config "$dir/$name.yaml" "$@" >"$dir/$name.out" 2>"$dir/$name.err" || got=$?
	state_of "$world" >"$dir/after"
	is "$name: exit status" "$got" "$rc"
	is "$name: nothing was changed" "$(diff "$dir/before" "$dir/after")$(find "$dir" -maxdepth 1 -printf '%f\n' | sort | diff "$dir/files" - | grep '^[<>]' | grep -v -e "$name\\.[oe]" -e after -e files)" ''
}
# says NAME CHECK STATE REGEX [REMEDY-REGEX]
says() {
	has "$1: $2: $3" "$dir/$1.out" "^$3 +$2: .*$4"
	[ $# -lt 5 ] || is "$1: $2: what to do" "$(grep -A 1 -E "^$3 +$2: .*$4" "$dir/$1.out" | grep -cE "^ {9}.*$5")" 1
}

# -- all is good ------------------------------------------------------------------------------------------------------------
lab good
if id trunkauditd >/dev/null 2>&1; then chown trunkauditd: "$dir/good"; fi
cp "$dir/good/trunkauditd.yaml" "$dir/fresh.yaml"
doctor 3 fresh good
says fresh service warn 'not running; no run has finished yet' 'systemctl enable --now trunkauditd'
is "fresh: all else is good" "$(grep -vc '^ok ' "$dir/fresh.out")" 2
says fresh configuration ok 'fresh\.yaml is good'
says fresh secrets ok '3 secrets can be read'
says fresh 'unit credentials' ok 'names no credential'
says fresh clock ok 'clock_ok: .*offset [+-][0-9.]+ s ± [0-9.]+ s, .*3 of 3 servers'
says fresh login ok '127\.0\.0\.1:[0-9]+, TLSv1\.3, certificate for DNS:localhost until 20[0-9]{2}-[0-9]{2}-[0-9]{2}$'
says fresh api ok '127\.0\.0\.1:[0-9]+, TLSv1\.3'
says fresh organisation ok 'Lab Organisation \([0-9a-f-]{36}\), OAuth client Lab audit \([0-9a-f-]{36}\), scopes: audits:readonly telephony:readonly, roles: [0-9a-f-]{36}$'
says fresh 'trunk listing' ok 'lists 3 trunks'
says fresh 'audit log' ok 'audits:audit:view'
says fresh trunks ok '3 trunks: 2 digest, 1 by address, 0 of neither, 0 out of service$'
says fresh journal ok 'takes messages'
says fresh database ok 'audit\.db: the first run will make it'
says fresh 'audit lock' ok 'nobody audits'
says fresh 'name servers' ok 'dns\.servers answer'
says fresh carriers ok '0 of 0 names have addresses; 3 addresses'
cp "$dir/good/trunkauditd.yaml" "$dir/json.yaml"
doctor 3 json good doctor --json
is "json: an array of findings" "$(sqlite3 :memory: "SELECT count(*), min(json_type(value, '$.check') = 'text'), min(json_type(value, '$.seen') = 'text'),
	group_concat(DISTINCT value ->> '$.state'), count(value ->> '$.remedy') FROM json_each(readfile('$dir/json.out'))")" '18|1|1|ok,warn|1'

start good "$build/trunkauditd" --config "$dir/good/trunkauditd.yaml"
wait_for "the first run" said good 'Run 1 done'
"$build/trunkaudit" --config "$dir/good/trunkauditd.yaml" doctor >"$dir/all.out" 2>"$dir/all.err"
is "all: exit status" "$?" 0
is "all: all is good" "$(grep -vc '^ok ' "$dir/all.out")" 0
says all service ok 'is running; the last complete run, 1, ended 20[0-9-]+T[0-9:]+Z$'
says all database ok 'audit\.db can be read and written'
stop good
sqlite3 "$dir/good/audit.db" "UPDATE run SET started_usec = started_usec - 7300000000, finished_usec = finished_usec - 7300000000"
start good "$build/trunkauditd" --config "$dir/good/trunkauditd.yaml"
wait_for "the service" told good 'READY=1' 2
lab_end
is "the platform has no complaint" "$(cat "$dir/good/violations")" ''

# -- what may be wrong, each once ----------------------------------------------------------------------------------------------
lab quiet
base=$dir/quiet/trunkauditd.yaml

printf 'platform:\n  region: nowhere-1\nclock: {servers: [a b]}\n' >"$dir/mistakes.yaml"
doctor 2 mistakes quiet
says mistakes configuration FAIL 'mistakes\.yaml:2:[0-9]+: platform\.region: '
says mistakes configuration FAIL 'clock\.servers'
says mistakes token skipped 'the configuration cannot be used'
says mistakes journal ok 'takes messages'
doctor 2 absent quiet
says absent configuration FAIL 'cannot be read: No such file'
config argument "$base"
doctor 2 argument quiet doctor now
doctor 2 argument quiet doctor --database x

config exposed "$base"
chmod 644 "$dir/quiet/secrets/trunk-0002"
doctor 1 exposed quiet
says exposed secrets FAIL 'trunks\.password: file .*trunk-0002 is open to others' 'have it belong to the service, mode 0600'
says exposed trunks FAIL '; without a secret: secondary$' 'Give each a password or an ha1'
chmod 600 "$dir/quiet/secrets/trunk-0002"

without secondary <"$base" >"$dir/lacking.from"
config lacking "$dir/lacking.from"
doctor 1 lacking quiet
says lacking trunks FAIL '3 trunks: .*; without a secret: secondary$' 'lacking\.yaml'
says lacking secrets ok '2 secrets can be read'

config host "$base" -e 's|login_url: .*|login_url: "https://login.nowhere.invalid"|'
doctor 1 host quiet
says host login FAIL 'its name has no address' 'Check region, login_url'
says host token skipped 'the login is not reached'
says host 'trunk listing' skipped 'there is no token'
says host api ok TLS
says host trunks ok '2 trunks \(of the configuration alone\)'
says host carriers ok '0 of 0 names'

config port "$base" -e 's|api_url: .*|api_url: "https://127.0.0.1:1"|'
doctor 1 port quiet
says port api FAIL 'no connection to 127\.0\.0\.1:1: Connection refused' 'firewalls'
says port token ok 'gave a token'
says port organisation skipped 'the API is not reached'

plain=$(sed -n 's/^  servers: \["\(127[0-9.:]*\)"\]$/\1/p' "$base")
config plain "$base" -e 's|servers: .*127.*|servers: ["127.0.0.1:1"]|'
doctor 1 plain quiet
says plain 'name servers' FAIL '127\.0\.0\.1:1: ' 'dns\.servers'
says plain clock FAIL 'clock_unknown: '
[ -n "$plain" ] || result 1 "the lab has one name server"

{
	cat "$base"
	printf '  - {name: "away", extra: true, authentication: none, proxies: [sbc.away.invalid]}\n'
	printf '  - {name: "nowhere", extra: true, authentication: none}\n'
} >"$dir/away.from"
config away "$dir/away.from"
doctor 1 away quiet
says away carriers FAIL '0 of 1 names have addresses; 3 addresses; sbc\.away\.invalid \(away\): .*nowhere to be found: nowhere' 'proxies and domains'

# Credentials of the unit, which is not there.
config unit "$base" -e 's|password: {file: .*|password: {credential: secret_secondary}|' -e 's|client_secret: .*|client_secret: {credential: secret_client}|'
doctor 1 unit quiet
says unit secrets warn '2 credentials are there only inside the service' "systemd-run .*LoadCredential=secret:$dir/credentials trunkaudit --config $dir/unit.yaml doctor"
says unit 'unit credentials' FAIL 'No such file or directory, and the configuration names 2' "install -d -m 0700 $dir/credentials"
says unit token skipped 'only inside the service'
mkdir -m 0700 "$dir/credentials"
printf 'open-sesame' >"$dir/credentials/secondary"
chmod 600 "$dir/credentials/secondary"
doctor 1 unit quiet
says unit 'unit credentials' FAIL 'does not have, of 2 credentials .*: client$' 'systemd-ask-password'
cp "$dir/quiet/secrets/client_secret" "$dir/credentials/client"
chmod 644 "$dir/credentials/client"
doctor 1 unit quiet
says unit 'unit credentials' FAIL 'others than root can read or write, in .*: client$' 'chmod 0600'
chmod 600 "$dir/credentials/client"
chmod 755 "$dir/credentials"
doctor 1 unit quiet
says unit 'unit credentials' FAIL 'no directory of root.s alone \(owner 0, mode 0755\)' 'chmod 0700'
chmod 700 "$dir/credentials"
doctor 3 unit quiet
says unit 'unit credentials' ok "the unit would load 2 credentials from $dir/credentials"
is "unit: one line for all that are only inside" "$(grep -c ' secrets: ' "$dir/unit.out")" 2
says unit trunks warn '1 secrets are there only inside the service'
# Inside it, as systemd lays them out.
cp "$dir/unit.yaml" "$dir/inside.yaml"
mkdir -m 0700 "$dir/loaded"
for name in secondary client; do cp -p "$dir/credentials/$name" "$dir/loaded/secret_$name"; done
sed -i "s|$dir/unit.db|$dir/inside.db|" "$dir/inside.yaml"
export CREDENTIALS_DIRECTORY="$dir/loaded"
doctor 3 inside quiet
says inside 'unit credentials' ok 'the unit has loaded 2 credentials'
says inside token ok 'gave a token'
says inside trunks ok '3 trunks: 2 digest'
rm "$dir/loaded/secret_client"
doctor 1 inside quiet
says inside 'unit credentials' FAIL 'does not have, of 2 .*: secret_client$' 'LoadCredential='
says inside token FAIL 'client_secret_missing: '
unset CREDENTIALS_DIRECTORY

# The database.
config nodir "$base" -e "s|^  path: .*|  path: \"$dir/none/audit.db\"|"
doctor 1 nodir quiet
says nodir database FAIL "the directory $dir/none does not exist" 'install -d -o trunkauditd .*ReadWritePaths='
config state "$base" -e 's|^  path: .*|  path: "/var/lib/trunkauditd/audit.db"|'
mount -t tmpfs tmpfs /var/lib
doctor 3 state quiet
says state database warn 'the directory /var/lib/trunkauditd does not exist' 'StateDirectory='
umount /var/lib
mkdir "$dir/fixed"
config fixed "$base" -e "s|^  path: .*|  path: \"$dir/fixed/audit.db\"|"
mount --bind "$dir/fixed" "$dir/fixed" && mount -o remount,bind,ro "$dir/fixed"
doctor 1 fixed quiet
says fixed database FAIL "$dir/fixed cannot be written by .*: Read-only file system" 'ReadWritePaths='
umount "$dir/fixed"
config newer "$base"
sqlite3 "$dir/newer.db" 'PRAGMA application_id = 1413567812; PRAGMA user_version = 999; CREATE TABLE t (x)'
doctor 1 newer quiet
says newer database FAIL 'has schema version 999' 'newer trunkauditd'
config other "$base"
sqlite3 "$dir/other.db" 'CREATE TABLE t (x)'
doctor 1 other quiet
says other database FAIL 'a database of another program' 'store\.path'

# The lock, by the name of who holds it.
for holder in trunkauditd trunkaudit another; do
	cp "$(command -v sleep)" "$dir/$holder"
	config "by-$holder" "$base"
	flock --no-fork "$dir/by-$holder.db.lock" "$dir/$holder" 600 &
	pids="$pids $!"
	# shellcheck disable=SC2317 # wait_for calls it
	locked() { ! flock --nonblock "$dir/by-$holder.db.lock" true; }
	wait_for "the lock" locked
	[ "$holder" = another ] && rc=1 || rc=3
	doctor "$rc" "by-$holder" quiet
done
says by-trunkauditd 'audit lock' ok 'trunkauditd \(process [0-9]+\) audits'
says by-trunkaudit 'audit lock' warn 'trunkaudit \(process [0-9]+\) audits' 'Until that process ends'
says by-another 'audit lock' FAIL 'another \(process [0-9]+\) audits' 'Until that process ends'

config proxied "$base"
export https_proxy=http://127.0.0.1:1
doctor 1 proxied quiet
# shellcheck disable=SC2016 # the name of the variable is said
says proxied login skipped 'the proxy of \$https_proxy'
says proxied token FAIL 'platform_unreachable: '
unset https_proxy
config by-proxy "$base" -e 's|^platform:|&\n  proxy: http://127.0.0.1:1|'
doctor 1 by-proxy quiet
says by-proxy api skipped 'by platform\.proxy'
says by-proxy token FAIL 'platform_unreachable: .*127\.0\.0\.1 port 1 '
mkdir "$dir/pages"
config replayed "$base" -e "s|^platform:|&\n  page_dir: $dir/pages|"
doctor 1 replayed quiet
says replayed login skipped 'page_dir is read'
says replayed token skipped 'page_dir is read'
says replayed organisation skipped 'page_dir is read'
says replayed 'trunk listing' FAIL "$dir/pages"

config journal "$base"
mv /run/systemd/journal/socket /run/systemd/journal/away
doctor 1 journal quiet
says journal journal FAIL 'No such file or directory' 'systemctl status systemd-journald'
mv /run/systemd/journal/away /run/systemd/journal/socket
is "nothing was sent to the journal" "$(cat "$dir/journal")" ''
lab_end
is "no carrier was asked anything" "$(cut -f 2- "$dir/quiet/carriers.tsv" | tr -d '0\t\n')$(wc -l <"$dir/quiet/carriers.tsv")" 3
is "the platform has no complaint of the rest" "$(cat "$dir/quiet/violations")" ''

lab denied
config denied "$dir/denied/trunkauditd.yaml"
doctor 1 denied denied
says denied clock FAIL 'clock_unknown: .*: no reply' 'UDP port 123'
says denied token ok 'gave a token'
says denied organisation warn 'platform_forbidden: .*HTTP 403 not\.authorized' 'support'
says denied 'trunk listing' FAIL 'platform_scope_denial: .*HTTP 403 app\.not\.authorized\.for\.scope: ' 'sip_trunk:read'
says denied 'audit log' warn 'missing\.permissions: .*\[audits:audit:view\]' 'Optional: '
printf 'wrong-sesame' >"$dir/wrong-secret"
chmod 600 "$dir/wrong-secret"
config wrong "$dir/denied/trunkauditd.yaml" -e "s|client_secret: .*|client_secret: {file: \"$dir/wrong-secret\"}|" -e '/^clock:/,/timeout/d'
is "wrong: no complaint so far" "$(cat "$dir/denied/violations")" ''
"$build/trunkaudit" --config "$dir/wrong.yaml" doctor >"$dir/wrong.out" 2>"$dir/wrong.err"
is "wrong: exit status" "$?" 1
says wrong token FAIL 'invalid_client: .*HTTP 401' 'of the region the organisation lives in'
says wrong clock warn 'clock_unused' 'Add clock\.servers'
lab_end

lab untrusted
config untrusted "$dir/untrusted/trunkauditd.yaml"
doctor 1 untrusted untrusted
says untrusted login FAIL 'TLSv1\.3, .*, which cannot be verified: ' 'Check ca_file'
says untrusted api FAIL 'cannot be verified'
says untrusted token skipped 'the login is not reached'
lab_end
is "untrusted: no token was asked for" "$(cat "$dir/untrusted/tokens" 2>/dev/null)" ''

# -- secrets ------------------------------------------------------------------------------------------------------------------
{
	printf 'open-sesame\n'
	cat "$dir"/*/tokens "$dir"/*/secrets/*
} | tr -s '\n' | grep . >"$dir/secrets.list"
if grep -qF -f "$dir/secrets.list" "$dir"/*.out "$dir"/*.err; then result 1 "no secret is printed"; else result 0 "no secret is printed"; fi
finish
