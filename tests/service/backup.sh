#!/bin/sh
# backup.sh [BUILD]: trunkaudit backup while the service runs audits, while it is stopped, as a member of the database's group; what it says
# when it cannot; the restore that the manual describes; the upgrade of an older database.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
user=$(id -u)

cat >"$dir/world.scenario" <<END
api allowed=100000
ntp
config schedule.interval=24h
config probe.spacing=0s
trunk t-%d count=12
trunk far-%d count=2 latency=300
trunk bad secret=wrong
END
lab world
config world "$dir/world/trunkauditd.yaml"
mkdir "$dir/copies"

backup() { # backup FILE [OPTION...]: sets $code; $dir/backup.out, $dir/backup.err
	code=0
	"$build/trunkaudit" --config "$dir/world.yaml" backup "$@" >"$dir/backup.out" 2>"$dir/backup.err" || code=$?
}
of() { sqlite3 -readonly "$1" "$2"; } # of FILE QUERY
counts='SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM result), (SELECT count(*) FROM evidence), (SELECT count(*) FROM history)'

backup "$dir/copies/none.db"
is "without a database there is nothing to copy" "$code" 3
has "  and it says so" "$dir/backup.err" 'there is no database'

# -- while the service writes -------------------------------------------------------------------------------------------------
start world
wait_for "the first run" told world 'STATUS=Idle'
n=0
while [ "$n" -lt 20 ]; do # each beside a run that is under way
	n=$((n + 1))
	idle=$(grep -c 'STATUS=Idle' "$dir/world.notify")
	tell world USR1
	wait_for "run $n begins" said world 'Run [0-9]* started' $((n + 1))
	backup "$dir/copies/$n.db"
	[ "$code" = 0 ] || result 1 "backup $n" "exit $code: $(cat "$dir/backup.err")"
	wait_for "run $n" told world 'STATUS=Idle' $((idle + 1))
done
bad='' under_way=0
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	copy=$dir/copies/$n.db
	[ "$(of "$copy" 'PRAGMA integrity_check')" = ok ] && [ -z "$(of "$copy" 'PRAGMA foreign_key_check')" ] || bad="$bad $n:damaged"
	# All of a run or nothing.
	[ -z "$(of "$copy" "SELECT id FROM run WHERE (SELECT count(*) FROM result WHERE run = id) <> iif(state = 'done', 15, 0)")" ] ||
		bad="$bad $n:part"
	[ "$(of "$copy" "SELECT count(*) FROM run WHERE state = 'running'")" = 0 ] || under_way=$((under_way + 1))
done
is "20 backups beside runs: each is whole" "$bad" ''
echo "# $under_way of them while a run was under way"
is "  some of them found one under way" "$under_way" '[1-9]*'
is "  no run was disturbed" "$(sql world "SELECT count(*) FROM run WHERE state <> 'done'")" 0
is "  each is one plain file, and nothing is left over" "$(find "$dir/copies" -type f ! -name '*[0-9].db')" ''
is "  the group may read it, others not" "$(stat -c %a "$dir/copies/1.db")" 640

backup "$dir/copies/1.db"
is "a backup is not overwritten" "$code" 2
has "  and it says how to" "$dir/backup.err" 'is there already .*--overwrite'
backup "$dir/copies/1.db" --overwrite
is "  unless that is said" "$code $(of "$dir/copies/1.db" 'SELECT count(*) FROM run')" "0 $(sql world 'SELECT count(*) FROM run')"
has "  and what is in it is printed" "$dir/backup.out" '1\.db: 21 runs, 315 results, [0-9.]* MB, schema version [0-9]*; checked'
backup "$dir/world.db" --overwrite
is "the database itself is not overwritten" "$code" 2
backup
is "a name is needed" "$code" 2
"$build/trunkaudit" --config "$dir/world.yaml" status --overwrite >"$dir/backup.out" 2>&1
is "--overwrite is for backup" "$?" 2
backup "$dir/absent/copy.db"
is "a directory that is not there" "$code" 4
has "  is named" "$dir/backup.err" 'absent/copy.db: No such file or directory'

# A reader that keeps its transaction open for the whole time does not disturb.
mkfifo "$dir/fifo"
sqlite3 -readonly "$dir/world.db" <"$dir/fifo" >"$dir/reader.out" 2>"$dir/reader.log" &
pids="$pids $!"
exec 9>"$dir/fifo"
echo 'BEGIN; SELECT count(*) FROM run;' >&9
wait_for "the reader" test -s "$dir/reader.out"
backup "$dir/copies/beside.db"
is "beside a long reader" "$code" 0
exec 9>&-

if [ "$user" = 0 ]; then
	# The group's member: reads the database, writes where he may.
	mkdir "$dir/state" "$dir/his"
	chmod 0755 "$dir"
	cp "$build/trunkaudit" "$dir/trunkaudit" # the build may lie where others cannot go
	as_reader="setpriv --reuid=61236 --regid=61235 --clear-groups --inh-caps=-all --"
	chgrp 61235 "$dir/world.db" "$dir/world.db-wal" "$dir/world.db-shm"
	chown 61236 "$dir/his"
	code=0
	$as_reader "$dir/trunkaudit" --database "$dir/world.db" backup "$dir/his/copy.db" >"$dir/backup.out" 2>"$dir/backup.err" || code=$?
	is "a member of the group makes a backup" "$code" 0 "$(cat "$dir/backup.err")"
	is "  which is whole" "$(of "$dir/his/copy.db" 'PRAGMA integrity_check')" ok
	code=0
	$as_reader "$dir/trunkaudit" --database "$dir/world.db" backup "$dir/copies/his.db" >"$dir/backup.out" 2>"$dir/backup.err" || code=$?
	is "  not where he may not write" "$code" 4
	has "  and it says so" "$dir/backup.err" 'Permission denied .*this user may write'

	# A full disk: a file system of a few pages, in a mount namespace of its own.
	code=0
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare -m sh -c 'mount -t tmpfs -o size=64k none "$1" && { code=0; "$2" --database "$3" backup "$1/copy.db" || code=$?; ls -A "$1"; exit $code; }' sh \
		"$dir/state" "$dir/trunkaudit" "$dir/world.db" >"$dir/backup.out" 2>"$dir/backup.err" || code=$?
	is "a full disk" "$code" 4
	has "  is said, with the room that is needed" "$dir/backup.err" 'it needs [0-9.]* MB, and [0-9.]* MB are free there .*elsewhere'
	is "  and nothing stays there" "$(cat "$dir/backup.out")" ''
fi

# -- restore ---------------------------------------------------------------------------------------------------------------------
idle=$(grep -c 'STATUS=Idle' "$dir/world.notify")
backup "$dir/copies/last.db"
was=$(of "$dir/copies/last.db" "$counts")
tell world USR1 # what comes after the backup is not in it
wait_for "a run after the backup" told world 'STATUS=Idle' $((idle + 1))
stop world
backup "$dir/copies/stopped.db"
is "a backup while the service is stopped" "$code $(of "$dir/copies/stopped.db" "$counts")" "0 $(sql world "$counts")"
is "  it has what came later" "$(of "$dir/copies/stopped.db" 'SELECT count(*) FROM run')" 22

# As the manual says: the damaged one aside with its log, the backup in its place. A log that stays would be played into the backup.
tr '\0' x </dev/zero | dd of="$dir/world.db" bs=4096 seek=20 count=10 conv=notrunc 2>"$dir/dd.log"
mkdir "$dir/damaged"
find "$dir" -maxdepth 1 \( -name world.db -o -name 'world.db-*' \) -exec mv '{}' "$dir/damaged" ';'
install -m 0640 "$dir/copies/last.db" "$dir/world.db"
is "restored: the same counts" "$(sql world "$counts")" "$was"
start world
wait_for "the service runs on a restored database" told world 'READY=1' 2
tell world USR1
wait_for "a run on the restored database" eval "[ \"\$(sql world \"SELECT max(id) FROM run WHERE state = 'done'\")\" = 22 ]"
is "  it is whole" "$(sql world 'PRAGMA integrity_check')" ok
is "  and in WAL mode again" "$(sql world 'PRAGMA journal_mode')" wal
stop world

backup "$dir/copies/damaged.db" --database "$dir/damaged/world.db"
is "a damaged database gives no backup" "$code" 1
has "  and it says so" "$dir/backup.err" 'damaged|malformed'
is "  and leaves nothing" "$(find "$dir/copies" -name 'damaged*')" ''

# -- upgrade -----------------------------------------------------------------------------------------------------------------------
# A database of the version before the audit log, with rows.
sql old "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;" >"$dir/old.log"
for file in sql/00[1-8]_*.sql; do
	sqlite3 "$dir/old.db" <"$file"
done
sql old "PRAGMA application_id = 1413567812; PRAGMA user_version = 8;
	INSERT INTO run (id, program, slot_usec, started_usec, finished_usec, state, trigger, partial, trunks, passed, warned, failed, untested)
		VALUES (1, '0.0.9', 1, 1795410000000000, 1795410001000000, 'done', 'slot', 0, 0, 0, 0, 0, 0)"
config old "$dir/world/trunkauditd.yaml"
start old
wait_for "the upgraded service" told old 'READY=1'
tell old USR1
wait_for "a run on the upgraded database" said old 'Run [0-9]* done: 15 trunks'
has "an upgrade is told, with the copy's name" "$dir/old.err" "upgraded from schema version 8 to [0-9]*; as it was it is kept in $dir/old.db.schema-8"
is "  the copy is as it was" "$(of "$dir/old.db.schema-8" 'SELECT user_version, (SELECT count(*) FROM run) FROM pragma_user_version')" '8|1'
is "  what was there is there" "$(sql old 'SELECT min(program), max(trunks) FROM run')" '0.0.9|15'
told old 'EXTEND_TIMEOUT_USEC=[1-9]'
result $? "  the manager was told that it may take a while"
stop old
sql old "PRAGMA user_version = 99"
start old
ended old
is "a newer schema is refused" "$code" 4
has "  and it says what to do" "$dir/old.err" 'schema version 99, .*use the newer program'
lab_end
finish
