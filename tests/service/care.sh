#!/bin/sh
# care.sh [BUILD]: what the running service does for its database after runs: old records go while others read, the log shrinks, the database
# is looked through in a process of its own, and all of it is told and recorded.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
api allowed=100000
ntp
config schedule.interval=24h
config probe.spacing=0s
$(unguarded)
trunk t-%d count=8
trunk bad-%d count=4 secret=wrong
END
lab world
config world "$dir/world/trunkauditd.yaml"
runs=0

run_once() { # a run, and the care after it
	idle=$(grep -c 'STATUS=Idle' "$dir/world.notify")
	tell world USR1
	wait_for "a run" told world 'STATUS=Idle' $((idle + 1))
	runs=$((runs + 1))
}
age() { # age RUNS DAYS: the first so many runs are so much older
	sql world "UPDATE run SET started_usec = started_usec - $2 * 86400000000, finished_usec = finished_usec - $2 * 86400000000 WHERE id <= $1"
}
reader() { # reader COMMANDS: to a shell that keeps its connection
	echo "$1" >&9
}

start world
wait_for "the first run" told world 'STATUS=Idle'
runs=1
while [ "$runs" -lt 10 ]; do
	run_once
done
lacks "young records stay, and nothing is told" "$dir/world.err" 'What was old|looked through'
is "  the size is recorded" "$(sql world "SELECT deed, megabytes > 0, times FROM upkeep")" 'size|1|1'

# -- by age, beside a reader that stays in one transaction -----------------------------------------------------------------------
mkfifo "$dir/fifo"
sqlite3 -readonly "$dir/world.db" <"$dir/fifo" >"$dir/reader.out" 2>"$dir/reader.log" &
pids="$pids $!"
exec 9>"$dir/fifo"
reader 'BEGIN; SELECT count(DISTINCT run) FROM evidence;'
wait_for "the reader" grep -qx 10 "$dir/reader.out"
age 5 100
run_once
wait_for "the removal is told" said world 'What was old was removed from the database: 0 results'
is "messages older than 90 days are gone, results are not" \
	"$(sql world "SELECT (SELECT min(run) FROM messages WHERE trunk LIKE 'bad%'), (SELECT min(run) FROM result), (SELECT count(*) FROM run)")" '6|1|11'
is "  but for the newest of each trunk" "$(sql world "SELECT count(DISTINCT trunk) FROM messages WHERE run < 6")" 8
is "  it is recorded" "$(sql world "SELECT deed, reason, removed, up_to_run FROM upkeep WHERE removed > 0")" 'evidence|age|20|5'
reader 'SELECT count(DISTINCT run), '"'still'"' FROM evidence; COMMIT;'
wait_for "the reader sees what it saw" grep -qx '10|still' "$dir/reader.out"

# The first run is more than a week old.
wait_for "the database is looked through" said world 'looked through in [0-9.]* s and is whole'
is "  that is recorded" "$(sql world "SELECT detail, times FROM upkeep WHERE deed = 'check'")" 'ok|1'
run_once
is "  once in a week" "$(grep -c 'looked through' "$dir/world.err")" 1

sed 's/^store:/store:\n  keep_results: 30d/' "$dir/world.yaml" >"$dir/world.new" && mv "$dir/world.new" "$dir/world.yaml"
readies=$(grep -c READY=1 "$dir/world.notify")
tell world HUP
wait_for "the reload" told world READY=1 $((readies + 1))
run_once
wait_for "results older than 30 days go" eval "[ \"\$(sql world 'SELECT min(run) FROM result')\" = 6 ]"
is "  not the record of the runs" "$(sql world "SELECT count(*), sum(trunks) FROM run")" "13|156"
is "  the day's second removal is not told on its own" "$(grep -c 'What was old' "$dir/world.err")" 1
is "  each trunk has its newest" "$(sql world 'SELECT count(*), min(run) FROM latest')" '12|13'

# -- the log ------------------------------------------------------------------------------------------------------------------------
reader 'BEGIN; SELECT count(*) || '"'x'"' FROM run;'
wait_for "the reader again" grep -qx 13x "$dir/reader.out"
sql world 'CREATE TABLE junk (x); INSERT INTO junk SELECT zeroblob(70000000)'
run_once
wait_for "a large log is told" said world 'write-ahead log of .* has [0-9]* MB: a reader'
run_once
is "  once" "$(grep -c 'write-ahead log of' "$dir/world.err")" 1
reader 'COMMIT;'
run_once
wait_for "it shrinks when the reader is gone" eval "[ \"\$(stat -c %s '$dir/world.db-wal')\" -lt 17000000 ]"
exec 9>&-
sql world 'DROP TABLE junk'
run_once
wait_for "the file shrinks, too" eval "[ \"\$(stat -c %s '$dir/world.db')\" -lt 20000000 ]"
is "  and is whole" "$(sql world 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok

# -- a limit of the size -----------------------------------------------------------------------------------------------------------------
sed 's/^  keep_results: 30d/  size_limit_mb: 1/' "$dir/world.yaml" >"$dir/world.new" && mv "$dir/world.new" "$dir/world.yaml"
sql world "CREATE TABLE junk (x); INSERT INTO junk SELECT zeroblob(3000000)"
age 10 10
tell world HUP
wait_for "the second reload" told world READY=1 $((readies + 2))
run_once
wait_for "a limit that cannot be met is told" said world 'more than store.size_limit_mb, and nothing more may be removed'
is "  messages of the last week stay" "$(sql world "SELECT min(run) FROM messages WHERE trunk LIKE 'bad%'")" 11
is "  results stay" "$(sql world 'SELECT min(run) FROM result')" 6
run_once
is "  it is told once" "$(grep -c 'more than store.size_limit_mb' "$dir/world.err")" 1
sql world 'DROP TABLE junk'
stop world

# -- damage ----------------------------------------------------------------------------------------------------------------------------
# In a table that no audit reads, and a week after the last look.
sql world "CREATE TABLE junk (x); INSERT INTO junk WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
	SELECT hex(randomblob(1500)) FROM n; UPDATE care SET (day, last_usec) = (day - 8, last_usec - 8 * 86400000000) WHERE deed = 'check';
	PRAGMA wal_checkpoint(TRUNCATE)" >"$dir/sql.out"
page=$(sql world "SELECT page_count - 60 FROM pragma_page_count")
tr '\0' x </dev/zero | dd of="$dir/world.db" bs=4096 seek="$page" count=10 conv=notrunc 2>"$dir/dd.log"
"$build/trunkauditd" --check-database "$dir/world.db" >"$dir/check.out" 2>"$dir/check.err"
is "a look at a damaged database" "$?" 1
is "  says where" "$(head -c 4 "$dir/check.out")" '?*'
start world
wait_for "the service" told world READY=1 $((readies + 3))
run_once
wait_for "damage is told as critical" said world '^critical: The database .* is damaged: .*Restore the last good backup'
is "  and recorded" "$(sql world "SELECT detail <> 'ok' FROM upkeep WHERE deed = 'check' ORDER BY day DESC LIMIT 1")" 1
is "  the audit goes on" "$(sql world "SELECT state FROM run ORDER BY id DESC LIMIT 1")" 'done'
code=0
"$build/trunkaudit" --config "$dir/world.yaml" doctor >"$dir/doctor.out" 2>&1 || code=$?
has "  the doctor knows" "$dir/doctor.out" 'database care.*damaged'
stop world
"$build/trunkauditd" --check-database "$dir/none.db" >"$dir/check.out" 2>"$dir/check.err"
is "a database that is not there cannot be looked at" "$?" 4
lab_end
finish
