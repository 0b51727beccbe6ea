#!/bin/sh
# reader.sh [BUILD]: a member of the database's group reads it with plain sqlite3, whatever the service does: runs, was killed, was stopped.
# Others cannot, and nobody but the service writes. The users are numbers only; root is needed to become them.
# shellcheck disable=SC2086,SC2317 # commands with their options; wait_for calls what seems unreachable
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- build
. tests/peers/lib.sh
[ "$(id -u)" -eq 0 ] || { echo "reader.sh: only root can become other users" >&2; exit 1; }

service=61234 group=61235 reader=61236 outsider=61237
views='latest failures history causes clock coverage'

numbers='--clear-groups --inh-caps=-all'
as_service="setpriv --reuid=$service --regid=$group $numbers --"
as_reader="setpriv --reuid=$reader --regid=$group $numbers --"
as_outsider="setpriv --reuid=$outsider --regid=$outsider $numbers --"

# query SQL: what a member of the group gets: rows, or the error.
query() {
	$as_reader sqlite3 -readonly -bail "$db" "$1" 2>&1
}

# runs_are STATE N: whether there are so many.
runs_are() {
	[ "$(query "SELECT count(*) FROM runs WHERE state = '$1'")" = "$2" ]
}

start() {
	background $as_service "$dir/trunkauditd" --config "$dir/trunkauditd.yaml"
	daemon=$!
}

# all_views WHEN: each view has rows, and the trunks are fifteen.
all_views() {
	for view in $views; do
		is "$1: $view" "$(query "SELECT count(*) > 0 FROM $view")" 1
	done
	is "$1: all trunks" "$(query 'SELECT count(*), count(DISTINCT trunk) FROM latest')" '15|15'
	is "$1: an outsider reads nothing" "$($as_outsider sqlite3 -readonly "$db" 'SELECT 1 FROM latest' 2>&1)" '*unable to open database file*'
	is "$1: nothing is open to others" "$(find "$dir/state" -perm /007)" ''
	is "$1: a member cannot write" \
		"$($as_reader sqlite3 "$db" 'UPDATE run SET failed = 0' 2>&1)" '*attempt to write a readonly database*'
}

# What the service manager would make: a state directory of the service, which its group may read.
: >"$dir/log"
chmod 0711 "$dir"
install -m 0755 "$1/lab" "$1/trunkauditd" "$dir/"
install -d -o "$service" -g "$group" -m 0750 "$dir/state"
install -d -o "$service" -g "$group" -m 0700 "$dir/lab-dir"
db=$dir/state/audit.db
{
	cat tests/lab/scenarios/010-apac.scenario
	echo 'config schedule.interval=1d' # no run but those asked for
	echo 'config platform.audit_log=false' # a run is over when it is stored
} >"$dir/scenario"
background $as_service "$dir/lab" "$dir/scenario" --dir "$dir/lab-dir"
wait_for 'lab' grep -q '^ready$' "$dir/log"
sed "s,$dir/lab-dir/audit.db,$db," "$dir/lab-dir/trunkauditd.yaml" >"$dir/trunkauditd.yaml"

set +e # from here a failure is a result
start
wait_for 'first run' runs_are 'done' 1
all_views 'service idle'

kill -USR1 "$daemon"
wait_for 'second run' runs_are running 1
is 'during a run: the one before is the latest' "$(query 'SELECT DISTINCT run FROM latest')" 1
is 'during a run: all trunks' "$(query 'SELECT count(*) FROM history')" 15

# One transaction from before the end of that run to after it: neither waits for the other.
mkfifo "$dir/sql"
$as_reader sqlite3 -readonly -bail "$db" <"$dir/sql" >"$dir/rows" 2>&1 &
pids="$pids $!"
shell=$!
exec 3>"$dir/sql"
echo 'BEGIN; SELECT count(*) FROM history;' >&3
wait_for 'first row' test -s "$dir/rows"
wait_for 'end of the second run' runs_are 'done' 2
echo 'SELECT count(*) FROM history; COMMIT; SELECT count(*) FROM history;' >&3
exec 3>&-
wait "$shell"
is 'a transaction sees one state, and holds up no run' "$(tr '\n' ' ' <"$dir/rows")" '15 15 30 '

kill -USR1 "$daemon"
wait_for 'third run' runs_are running 1
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
all_views 'service killed'
is 'service killed: two runs of three are done' "$(query 'SELECT group_concat(state) FROM (SELECT state FROM runs ORDER BY id)')" 'done,done,running'
is 'service killed: all results of both' "$(query 'SELECT count(*) FROM history')" 30

start
started_twice() { [ "$(grep -c 'trunkauditd .* started' "$dir/log")" -eq 2 ]; }
wait_for 'second start' started_twice
kill -USR1 "$daemon"
wait_for 'run after it' runs_are 'done' 3
is 'the run that was killed is broken' "$(query "SELECT count(*) FROM runs WHERE state = 'broken' AND id = 3")" 1
kill -TERM "$daemon"
wait "$daemon"
is 'the service stops as told' "$?" 0
all_views 'service stopped'
is 'service stopped: all runs' "$(query 'SELECT count(*) FROM history')" 45
is 'service stopped: the database is whole' "$(query 'PRAGMA integrity_check')" ok
is 'the journal mode stays' "$($as_reader sqlite3 "$db" 'PRAGMA journal_mode = DELETE' 2>&1; query 'PRAGMA journal_mode')" '*wal'
is 'a member makes no file beside it' "$($as_reader touch "$dir/state/more" 2>&1)" '*Permission denied*'
finish
