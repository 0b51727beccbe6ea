#!/bin/sh
# secrets.sh [BUILD]: after audits in the lab no secret, in any form, is in the database (every page of it and of its WAL), in what the
# programs write, or in a core that a debugger makes of the service. What journald gets is looked at by tests/peers/journald.sh.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

# Every way in which credentials are used, and every input that may be changed; names and passwords that are written in several ways.
cat >"$dir/world.scenario" <<'END'
api token_life=60
config schedule.interval=24h
config probe.spacing=0s
config probe.timeout=2s
trunk plain password="It's 42%40 \"open\" \\ sesame" refresh=yes -> pass ok
trunk latin1 user="sähne" password="Pässwörd-söhne" latin1=yes refresh=yes
trunk wrong secret=wrong validation=mismatch edited=hidden refresh=yes
trunk forbidden secret=wrong wrong=403 edited=password
trunk dropped secret=wrong wrong=drop
trunk malformed secret=wrong wrong=400
trunk disagrees validation=mismatch algorithm=SHA-256 password="Ünder the mountain / 7"
trunk ha1 algorithm=SHA-256 secret=ha1
trunk wrong-ha1 algorithm=MD5 secret=wrong_ha1
trunk int qop=auth-int takes_qop=auth rspauth=right
trunk no-qop qop=none takes_qop=auth
trunk port uri=port
trunk user domain=carrier.lab.invalid user=alice account=alice@carrier.lab.invalid password="alice's secret"
trunk sess algorithm=SHA-512-256-sess challenge=407+401 rspauth=right nextnonce=yes
trunk hashed userhash=yes algorithm=SHA-256
trunk named refuse_unnamed=403
trunk basic challenge=basic
trunk tcp transport=tcp secret=wrong
trunk tls transport=tls rspauth=wrong
END
lab world
world=$dir/world
database=$world/audit.db
password=$world/secrets/trunk-0001

audit() { # audit NAME ARGUMENT...: its output is in $dir/NAME.out and $dir/NAME.err
	name=$1
	shift
	"$build/trunkaudit" "$@" >"$dir/$name.out" 2>"$dir/$name.err" || :
}
for run in 1 2 3 4; do
	audit "run-$run" --config "$world/trunkauditd.yaml" run
done
mkdir "$dir/pages"
cp "$database"* "$dir/pages/" # before a reader ends the WAL
audit json --config "$world/trunkauditd.yaml" run --json
audit status --config "$world/trunkauditd.yaml" status
audit status-json --database "$database" status --json
for trunk in plain latin1 wrong disagrees; do
	audit "history-$trunk" --database "$database" history "$trunk" --json
done
carrier=$(sqlite3 "$database" "SELECT carrier FROM latest WHERE trunk = 'plain'")
audit probe probe -v --domain sip.plain.lab.invalid --user byoc_plain --password-file "$password" "$carrier"
audit probe-json probe -v --json --domain sip.plain.lab.invalid --user byoc_plain --password-file "$world/secrets/client_secret" "$carrier"
# A configuration that holds its secrets itself is refused, and the complaint does not repeat them.
awk -v file="$password" -v q="'" '/password: \{file:/ { getline secret <file; gsub(q, q q, secret); print "    password: " q secret q; next }
	{ print }' "$world/trunkauditd.yaml" >"$dir/inline.yaml"
audit inline --config "$dir/inline.yaml" check-config

# The service: two runs, a reload, and another database.
config service "$world/trunkauditd.yaml"
start service
wait_for "the first run" said service 'Run 1 done'
tell service USR1
wait_for "the second run" said service 'Run 2 done'
tell service HUP
wait_for "the reload" said service 'is in force'
pid=$(cat "$dir/service.pid")

look() { # look TEXT FILE...: in files for secrets
	text=$1
	shift
	finds=$(python3 tests/service/secrets.py "$world" "$@" 2>&1)
	result $? "$text" "$finds"
}
cp "$dir/service.db"* "$dir/pages/"
is "the audits were made" "$(sqlite3 "$database" "SELECT count(*) FROM history WHERE trunk = 'plain' AND cause = 'ok'")" 5
is "changes were kept without values" "$(sqlite3 "$database" "SELECT count(*) FROM changes WHERE old = '(withheld)'")" 4
is "credentials were written to the platform" "$(grep -c plain "$world/writes")" '[5-9]'
is "answers were kept as evidence" "$(sqlite3 "$database" "SELECT count(*) > 20 FROM evidence WHERE request LIKE '%Authorization: Digest%'")" 1
is "there are two databases, and a WAL" "$(find "$dir/pages" -name '*.db' -size +0 -o -name '*-wal' -size +0 | wc -l)" 3
look "the database's files" "$dir/pages"/*
sqlite3 "$database" .dump >"$dir/dump"
sqlite3 "$dir/service.db" .dump >>"$dir/dump"
look "what the databases hold" "$dir/dump"
look "what the command line writes" "$dir"/*.out "$dir"/run-*.err "$dir"/*probe*.err "$dir"/inline.err
look "what the service writes" "$dir/service.err" "$dir/service.notify"
has "the service wrote of a refusal" "$dir/service.err" 'wrong: .*(401|Unauthorized|wrong_password)'
is "the search finds each form" "$(for form in 's' "$(base64 -w 0 "$password")" "x$(base64 -w 0 "$password")" "$(od -An -v -tx1 "$password" | tr -d ' \n')"; do
	[ "$form" = s ] && cat "$password" >"$dir/planted" || echo "some $form text" >"$dir/planted"
	python3 tests/service/secrets.py "$world" "$dir/planted" >/dev/null || echo found
done | wc -l)" 4

# -- cores --------------------------------------------------------------------------------------------------------------------

mkdir "$dir/cores"
core_of() { # core_of PID NAME: by a debugger
	(cd "$dir/cores" && gdb --nx --batch -p "$1" -ex "generate-core-file $2" >"$2.log" 2>&1)
}
if [ "$(id -u)" -eq 0 ]; then
	# A process that forbids nothing: the secret is in its core, so that one would be found.
	env SECRET="$(cat "$password")" sleep 600 &
	bystander=$!
	pids="$pids $bystander"
	core_of "$bystander" bystander
	core_of "$pid" service
	is "there are two cores" "$(find "$dir/cores" -size +0 -name '[bs]*[er]' | wc -l)" 2
	is "the search finds what a core holds" "$(python3 tests/service/secrets.py "$world" "$dir/cores/bystander" >/dev/null || echo found)" found
	look "a core of the service made by force" "$dir/cores/service"
fi
tell service ABRT
wait_for "its end" test -s "$dir/service.code"
is "the service aborts" "$(cat "$dir/service.code")" 134
# shellcheck disable=SC2016 # the inner shell expands it
(cd "$dir/cores" && { sh -c 'ulimit -c unlimited; kill -ABRT $$'; :; }) 2>/dev/null
if [ -n "$(find "$dir/cores" -type f -name 'core*')" ]; then # elsewhere they go to a collector
	rm "$dir/cores"/core*
	config aborted "$world/trunkauditd.yaml"
	# shellcheck disable=SC2016 # the inner shell expands it
	start aborted sh -c 'cd "$1" && ulimit -c unlimited && shift && exec "$@"' sh "$dir/cores" \
		"$(realpath "$build/trunkauditd")" --config "$dir/aborted.yaml"
	wait_for "a run" said aborted 'Run 1 done'
	tell aborted ABRT
	wait_for "its end" test -s "$dir/aborted.code"
	is "the service leaves no core of its own" "$(find "$dir/cores" -type f -name 'core*' | wc -l)" 0
fi
lab_end world
is "carriers and platform have nothing to complain of" "$(cat "$world/violations")" ''
finish
