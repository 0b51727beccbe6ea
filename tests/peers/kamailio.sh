#!/bin/sh
# kamailio.sh [BUILD]: trunkaudit against Debian's Kamailio, in the ways of kamailio/kamailio.cfg, and the verdicts that
# kamailio/kamailio.scenario states. The lab writes the configuration and makes paths long; nothing of the carriers is the lab's.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- build
. tests/peers/lib.sh

build=$(cd "$1" && pwd)
here=$PWD/tests/peers/kamailio
tab=$(printf '\t')
port=$((20000 + $$ % 300 * 30)) # away from those of a run at the same time, whose process id is near
mkdir "$dir/users"
cp "$here/subscriber" "$here/version" "$dir/users/" # db_text may write there
modules=$(echo "$(dirname "$(command -v kamailio)")"/../lib/*/kamailio/modules)

# instance NAME [DEFINITION...]: starts one and sets port.
instance() {
	name=$1
	shift
	set -- -A "USERS=\"text://$dir/users\"" -A "CONTROL=\"unix:$dir/$name.ctl\"" "$@"
	free_port
	background kamailio -f "$here/kamailio.cfg" -L "$modules" -DD -E -m 32 -M 4 -w "$dir" -Y "$dir" \
		-l "udp:127.0.0.1:$port" -l "udp:[::1]:$port" "$@"
	names="$names $name"
}

control() { # control NAME COMMAND...
	socket=unix:$dir/$1.ctl
	shift
	kamcmd -s "$socket" "$@" 2>>"$dir/log"
}

query() {
	sqlite3 -readonly -separator "$tab" "$db" "$1"
}

# seen TEXT TRUNK CONDITION: whether an exchange of that trunk is so.
seen() {
	is "$1" "$(query "SELECT count(*) > 0 FROM evidence WHERE trunk = (SELECT key FROM trunk WHERE name = '$2') AND $3")" 1
}

names=''
instance plain; plain=$port
instance short -A NONCE_EXPIRE=1; short=$port
instance sha -A 'ALGORITHM="SHA-256"' -A AUTHENTICATION_INFO; sha=$port
instance once -A ONE_TIME_NONCE; once=$port
instance count -A NONCE_COUNT -A AUTHENTICATION_INFO; count=$port
for name in $names; do
	tries=0
	until control "$name" core.version | grep -q kamailio; do
		tries=$((tries + 1))
		[ "$tries" -le 100 ] || { echo "kamailio $name did not start:" >&2; cat "$dir/log" >&2; exit 1; }
		sleep 0.1
	done
done
# Kamailio shares a port with whoever lets it.
for port in "$plain" "$short" "$sha" "$once" "$count"; do
	[ "$(grep -cE "(0100007F|7F000001):$(printf %04X "$port") " /proc/net/udp)" -eq 1 ] || { echo "port $port is somebody else's too" >&2; exit 1; }
done

user='extra=yes user=trunk password="Kangaroo, 42%40="'
sed -e "s/@plain@/$user target=127.0.0.1:$plain/; s/@plain6@/$user target=[::1]:$plain/; s/@plain-relay@/$user relay=127.0.0.1:$plain/" \
	-e "s/@short@/$user relay=127.0.0.1:$short/; s/@short-direct@/$user target=127.0.0.1:$short/" \
	-e "s/@once@/$user target=127.0.0.1:$once/; s/@once-relay@/$user relay=127.0.0.1:$once/" \
	-e "s/@sha@/$user target=127.0.0.1:$sha/; s/@count@/$user target=127.0.0.1:$count/" \
	"$here/kamailio.scenario" >"$dir/kamailio.scenario"

set +e # from here a failure is a result
# shellcheck disable=SC2016 # the inner shell expands it
"$build/lab" "$dir/kamailio.scenario" --dir "$dir/lab" -- sh -c '
	sed "/name: \"407-401/,/realm:/{/realm:/d}" "$LAB_CONFIG" >"$LAB_DIR/kamailio.yaml"
	exec "$1/trunkaudit" --config "$LAB_DIR/kamailio.yaml" run' sh "$build" >"$dir/output" 2>&1 &
pids="$pids $!"
wait $! # not in the foreground: a signal must not wait for it
is 'the run ends, and some trunks failed' "$?" 1
db=$dir/lab/audit.db
query "SELECT trunk, outcome, cause, detail FROM latest" >"$dir/latest.tsv"
while IFS=$tab read -r _ trunk outcome cause; do
	is "$trunk: $cause" "$(grep "^$trunk$tab" "$dir/latest.tsv" | cut -f 2-)" "$outcome$tab$cause$tab*"
done <"$dir/lab/expected.tsv"
is 'right answers that may come too late are not called wrong' "$(query "
	SELECT count(*) FROM latest WHERE trunk LIKE 'late-%' AND cause IN ('ok', 'stale_nonce', 'refusal_unproven')")" 3
[ "$failed" -eq 0 ] || cat "$dir/output"

# Whether the carriers did what they are here for.
seen 'rspauth came, and was right' sha-256 "status = 200 AND response LIKE '%rspauth=\"%'"
seen 'the same with MD5' counted "status = 200 AND response LIKE '%rspauth=\"%'"
seen 'a stale nonce is called so' stale-signalled "credentialed AND response LIKE '%stale=true%'"
seen 'and is not, by default' stale "credentialed AND status = 401 AND response NOT LIKE '%stale%'"
seen 'an answer was retransmitted' one-time-retransmitted 'status = 200 AND retransmissions > 0'
seen 'the retransmission of a good answer was refused' one-time-lost 'credentialed AND status = 401 AND retransmissions > 0'
seen 'the same with a nonce count' counted-lost 'credentialed AND status = 401 AND retransmissions > 0'
seen 'two answers in one request' 407-401 \
	"status = 200 AND request LIKE '%Proxy-Authorization: Digest%' AND request LIKE '%' || char(10) || 'Authorization: Digest%'"

is 'nobody got more than three answers' "$(query 'SELECT max(credentialed) FROM history')" 3
is 'no request has a contact' "$(query "SELECT count(*) FROM evidence WHERE request LIKE '%Contact%'")" 0
is 'and Kamailio saw none' "$(grep -c 'a contact came' "$dir/log")" 0
contacts=0
for name in $names; do
	contacts=$((contacts + $(control "$name" ul.dump | grep -c 'Address:')))
done
is 'nothing is registered' "$contacts" 0
control plain ul.add location trunk sip:trunk@127.0.0.1:9 60 1.0 s: 0 0 0
is 'a contact would be seen there' "$(control plain ul.dump | grep -c 'Address:')" 1
finish
