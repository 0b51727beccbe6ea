#!/bin/sh
# operations.sh [BUILD]: the operations guide is true: its journalctl and sqlite3 lines are run against a real journal and a real database,
# its log shipper's configuration by a real rsyslogd.
# shellcheck disable=SC2013,SC2317 # no word below has a space; wait_for calls what seems unreachable
set -eu
cd "$(dirname "$0")/../.."
. tests/peers/journal_lib.sh
unpacked=$(dirname "$build")/peers # where packaging/dependencies.sh unpacks what it does not install
PATH=$PATH:$unpacked/usr/sbin:$PWD/build/peers/usr/sbin
guide=docs/operations.md

# -- a journal and a database ------------------------------------------------------------------------------------------------

{
	cat tests/lab/scenarios/010-apac.scenario
	echo 'config schedule.interval=1d'
} >"$dir/scenario"
start_journald

# -- the shipper, before anything is told -------------------------------------------------------------------------------------

# A collector: whatever comes goes into a file.
cat >"$dir/collector.py" <<'END'
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server, open(sys.argv[1], "wb", buffering=0) as out:
    with open(sys.argv[2] + ".new", "w") as f:
        f.write(str(server.getsockname()[1]))
    import os
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    while True:
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(65536):
                out.write(data)
END
background python3 "$dir/collector.py" "$dir/collected" "$dir/port"
wait_for 'collector' test -s "$dir/port"
modules=$(find "$unpacked/usr/lib" "$PWD/build/peers/usr/lib" /usr/lib -path '*/rsyslog/imjournal.so' -printf '%h\n' 2>/dev/null | head -n 1)
mkdir "$dir/spool"
{
	echo "global(workDirectory=\"$dir/spool\")"
	sed -e 's/target="[^"]*"/target="127.0.0.1"/' -e "s/port=\"[0-9]*\"/port=\"$(cat "$dir/port")\"/" examples/rsyslog.conf
} >"$dir/rsyslog.conf"
set +e # from here a failure is a result
rsyslogd -N1 -M "$modules" -f "$dir/rsyslog.conf" >"$dir/rsyslog.check" 2>&1
is 'rsyslogd takes the example' "$? $(grep -ci error "$dir/rsyslog.check")" '0 0'
background rsyslogd -n -M "$modules" -f "$dir/rsyslog.conf" -i "$dir/rsyslog.pid"
started() { [ -s "$dir/rsyslog.pid" ]; }
wait_for 'rsyslogd' started

# -- a run ---------------------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # the inner shell expands it
background "$build/lab" "$dir/scenario" --dir "$dir/lab" -- sh -c ': >"$1/ready"; until [ -e "$1/end" ]; do sleep 0.1; done' sh "$dir"
lab=$!
wait_for 'lab' test -e "$dir/ready"
start_service "$dir/lab/trunkauditd.yaml"
done_once() { [ "$(count RUN_DONE)" -ge 1 ]; }
wait_for 'run' done_once
db=$dir/lab/audit.db

# -- the lines of the guide ------------------------------------------------------------------------------------------------------

# Commands are indented lines; what runs for ever, needs root or changes the host is not among these two. Names of the host become those of
# the test: without a service manager there are no units, only what the program calls itself.
sed -n -E 's/^ {4,}((journalctl|sqlite3) )/\1/p' "$guide" README.md | sort -u | grep -v -e ' -f$' |
	sed -e "s|/var/lib/trunkauditd/audit.db|$db|" -e "s|build/demo/audit.db|$db|" -e 's|-u trunkauditd|-t trunkauditd|' \
		-e "s|/tmp/trunkaudit.cursor|$dir/cursor|" >"$dir/lines"
is 'the guide has lines to run' "$(grep -c '^journalctl' "$dir/lines") $(grep -c '^sqlite3' "$dir/lines")" '[1-9]* [1-9][0-9]*'
shown=0
while read -r line; do
	sh -c "$line" >"$dir/out" 2>"$dir/err" </dev/null
	rc=$?
	[ ! -s "$dir/out" ] || shown=$((shown + 1))
	case $line in
	journalctl*) result "$([ "$rc" -eq 0 ] && [ -s "$dir/out" ] && [ ! -s "$dir/err" ]; echo $?)" "$line" "$(head -n 1 "$dir/err")" ;;
	*) result "$([ "$rc" -eq 0 ] && [ ! -s "$dir/err" ]; echo $?)" "$line" "$(head -n 1 "$dir/err")" ;;
	esac
done <"$dir/lines"
is 'most of them have something to show' "$([ $((shown * 3)) -gt $(($(wc -l <"$dir/lines") * 2)) ] && echo yes)" yes
is 'a cursor shows nothing twice' "$(journalctl --quiet -t trunkauditd -p err -o cat --cursor-file="$dir/cursor" | wc -l)" 0

# What it names that is not in the table, the catalog or the journal does not exist.
for id in $(grep -ohE '\<[0-9a-f]{32}\>' "$guide" | sort -u); do
	grep -q "$id" daemon/event_ids.h || result 1 "there is no event $id"
done
for field in $(grep -ohE 'TRUNKAUDIT_[A-Z_]+' "$guide" examples/rsyslog.conf | sort -u); do
	grep -q "\"${field}[=\"]" daemon/journal.c || result 1 "there is no field $field"
done

# -- what the shipper sent ----------------------------------------------------------------------------------------------------------

sent() { grep -q '"message_id":"'"$(id_of RUN_DONE)" "$dir/collected"; }
wait_for 'shipped event' sent
sqlite3 "$dir/collected.db" 'CREATE TABLE entry (j TEXT)' '.mode ascii' ".separator \037 \n" ".import $dir/collected entry" "ATTACH '$db' AS audit" "
	SELECT 'valid', count(*) > 10, sum(json_valid(j)) = count(*) FROM entry;
	SELECT 'failures', count(*), sum(j ->> 'trunk' = h.trunk AND j ->> 'cause' = h.cause AND j ->> 'carrier' = h.carrier
			AND j ->> 'detail' = h.detail AND j ->> 'remedy' = h.remedy)
		FROM entry JOIN audit.history AS h ON h.run = CAST(j ->> 'run' AS INTEGER) AND h.trunk_id = j ->> 'trunk_id'
		WHERE j ->> 'message_id' = '$(id_of TRUNK_FAILED)'" >"$dir/collected.out" 2>&1
is 'each line that was shipped is JSON, and each failure has its facts' "$(tr '\n\037' ' |' <"$dir/collected.out")" 'valid?1?1 failures?10?10 '
is 'nothing else was shipped' "$(grep -c '"message_id":""' "$dir/collected")" 0

kill -TERM "$daemon"
wait "$daemon"
: >"$dir/end"
wait "$lab"
is 'carriers and platform have nothing to complain of' "$? $(cat "$dir/lab/violations")" '0 '
finish
