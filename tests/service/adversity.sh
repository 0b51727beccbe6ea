#!/bin/sh
# adversity.sh [BUILD]: a database that cannot be written: its disk full, its file system read-only, locked by another program, damaged. The
# service says so once and goes on with its runs, keeps them in memory, and stores them with their true times as soon as it can. What is not
# stored is not called done, and credentials are spent only where that cannot lock an account.
# shellcheck disable=SC2317 # a trap or wait_for calls what seems unreachable
set -u
if [ "${1:-}" != --inside ]; then
	# Mounts of its own; without root also a user namespace.
	[ $# -gt 0 ] || set -- build
	[ "$(id -u)" -eq 0 ] || set -- "$1" --map-root-user
	# shellcheck disable=SC2086 # an option, or none
	exec unshare ${2:-} --mount --propagation private -- \
		setpriv --bounding-set=-sys_time,-sys_boot,-sys_module --inh-caps=-sys_time -- sh "$0" --inside "$1"
fi
shift
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
mounts=''
clean_up_mounts() {
	clean_up 2>/dev/null
	# shellcheck disable=SC2086 # a list
	[ -z "$mounts" ] || umount -l $mounts
	rm -rf "$dir"
}
trap clean_up_mounts EXIT

# -- the world --------------------------------------------------------------------------------------------------------------

cat >"$dir/world.scenario" <<END
api
ntp
config schedule.interval=24h
config probe.spacing=0s
config guard.hold_after=0
config guard.trunk_failures_per_hour=0
config guard.carrier_failures_per_10m=0
config guard.carrier_failures_per_hour=0
trunk good-%d count=5
trunk bad secret=wrong
trunk turns extra=yes
END
lab world

# world NAME [SED-ARGUMENT...]: $dir/NAME is a small file system of its own, with the database.
world() {
	name=$1
	shift
	mkdir "$dir/$name"
	mount -t tmpfs -o size=4m tmpfs "$dir/$name"
	mounts="$mounts $dir/$name"
	config "$name" "$dir/world/trunkauditd.yaml" "$@"
	sed -i "s|\"$dir/$name.db\"|\"$dir/$name/audit.db\"|" "$dir/$name.yaml"
	ln -s "$name/audit.db" "$dir/$name.db"
}

runs() { grep -cE '^info: Run [0-9]+ done|^warning: A run that is kept' "$dir/$1.err"; }
more() { [ "$(runs "$1")" -gt "$before" ]; }
run() { # run NAME: one more, to its end
	before=$(runs "$1")
	tell "$1" USR1
	wait_for "a run of $1" more "$1"
}

count() { grep -cE -e "$2" "$dir/$1.err"; } # count NAME REGEX

# quiet NAME: notes what the service has said and how long it has computed; calm NAME RUNS: both are within bounds since then.
cpu_of() { awk '{ print $14 + $15 }' "/proc/$(cat "$dir/$1.pid")/stat"; }
quiet() {
	began=$(date +%s)
	lines=$(wc -l <"$dir/$1.err")
	ticks=$(cpu_of "$1")
}
calm() {
	said=$(($(wc -l <"$dir/$1.err") - lines)) spent=$(($(cpu_of "$1") - ticks))
	is "$1: it does not flood ($said lines in $2 runs)" "$([ "$said" -le $((4 + 4 * $2)) ] && echo calm)" calm
	is "$1: it does not spin ($spent ticks of CPU time in $(($(date +%s) - began)) s and $2 runs)" "$([ "$spent" -le $((50 + 100 * $2)) ] && echo calm)" calm
}

whole() { # whole NAME
	is "$1: the database is whole" "$(sql "$1" "SELECT group_concat(integrity_check) FROM pragma_integrity_check;
		SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1;
		SELECT id FROM run WHERE state <> 'done' OR (SELECT count(*) FROM result WHERE run = run.id) <> 7")" ok
	# What the journal called done is done.
	sed -n 's/^info: Run \([0-9]*\) done.*/\1/p' "$dir/$1.err" | sort >"$dir/done"
	sql "$1" "SELECT id FROM run WHERE state = 'done'" | sort >"$dir/stored"
	is "$1: each run that was told as done is stored" "$(comm -23 "$dir/done" "$dir/stored")" ''
}

# -- the disk is full -------------------------------------------------------------------------------------------------------

world full
start full
wait_for "the first run" said full 'Run 1 done'
run full
dd if=/dev/zero of="$dir/full/ballast" bs=4k 2>"$dir/waits" || :
quiet full
run full
run full
run full
is "full: it is said once" "$(count full '^error: Unable to .*(disk is full|disk I/O error)')" 1
is "full: runs are made all the same, and none is called done" "$(count full 'Run [0-9]+ done') $(count full 'A run that is kept in memory')" '2 3'
is "full: what failed before is not told again" "$(count full 'bad: fail, wrong_password')" 1
is "full: nothing of them is in the database" "$(sql full "SELECT count(*) FROM run WHERE state = 'done'")" 2
calm full 3
rm "$dir/full/ballast"
wait_for "the database is written again, with no run" said full 'can be written again'
is "full: so many were kept" "$(count full '^notice: .*3 runs that were kept in memory are stored')" 1
is "full: they are there, in their order" "$(sql full "SELECT count(*), count(DISTINCT started_usec) FROM run WHERE state = 'done'
	AND NOT EXISTS (SELECT 1 FROM run AS later WHERE later.id > run.id AND later.started_usec < run.started_usec)")" '5|5'
run full
is "full: the next run is as ever" "$(sql full "SELECT id, passed, failed FROM run ORDER BY id DESC LIMIT 1")" '6|6|1'
stop full
whole full

# -- it is locked by another program ------------------------------------------------------------------------------------------

# lock NAME: another program begins to write, and does not end until unlock.
lock() {
	mkfifo "$dir/$1.fifo"
	sqlite3 "$dir/$1/audit.db" <"$dir/$1.fifo" >"$dir/$1.locked" 2>&1 &
	locker=$!
	pids="$pids $locker"
	exec 9>"$dir/$1.fifo"
	printf '%s\n' "$2" "SELECT 'locked';" >&9
	wait_for "another program has the lock" grep -q '^locked' "$dir/$1.locked"
}
unlock() {
	echo .quit >&9
	exec 9>&-
	wait "$locker"
	rm "$dir/$1.fifo"
}

world locked
start locked
wait_for "the first run" said locked 'Run 1 done'
lock locked 'BEGIN EXCLUSIVE;'
quiet locked
run locked
run locked
is "locked: it is said once" "$(count locked '^error: Unable to .*database is locked')" 1
is "locked: runs are kept" "$(count locked 'A run that is kept in memory.* 6 pass.* 1 untested')" 2
calm locked 2
unlock locked
run locked
is "locked: the next run stores what waits" "$(count locked '^notice: .*2 runs that were kept in memory are stored \(runs 2 to 3\)')" 1
is "locked: a trunk that did not pass was not sent answers that would not be counted" "$(sql locked "SELECT group_concat(cause, ' ')
	FROM (SELECT cause FROM history WHERE trunk = 'bad' ORDER BY run)")" 'wrong_password uncounted uncounted wrong_password'
is "locked: those that pass were tested" "$(sql locked "SELECT count(*) FROM results JOIN result USING (run) WHERE run IN (2, 3)
	AND trunk_id = 'local:turns' AND results.outcome = 'pass'")" '[1-9]*'
is "locked: what the kept runs spent is counted" "$(sql locked "SELECT group_concat(credentialed, ' ') FROM (SELECT sum(credentialed) AS credentialed
	FROM trunk_spending WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = 'local:turns') GROUP BY run ORDER BY run)")" '1 1 1 1'

# Killed while a run waits. While the service is away another program takes the whole database, so that it cannot even be read: nobody
# knows what was spent, so nothing is.
lock locked 'BEGIN EXCLUSIVE;'
run locked
tell locked KILL
ended locked
unlock locked
lock locked 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE run SET id = id;'
start locked
wait_for "a run" said locked 'A run that is kept in memory' 4
quiet locked
run locked
is "locked: a service that starts then sends no credentials" "$(count locked 'A run that is kept in memory.* 0 pass, 0 warn, 0 fail, 7 untested')" 2
is "locked: it is said once" "$(count locked '^error: Unable to .*database is locked')" 3
calm locked 1
unlock locked
run locked
is "locked: then all is as ever" "$(sql locked "SELECT passed, failed FROM run WHERE state = 'done' ORDER BY id DESC LIMIT 1")" '6|1'
stop locked
whole locked

# Slots that come while nothing can be stored: their runs wait in memory, and none of them was missed.
world slots -e 's/interval: 24h/interval: 10s\n  splay: 0s\n  run_limit: 8s/'
start slots
wait_for "the first run" said slots 'Run 1 done'
lock slots 'BEGIN EXCLUSIVE;'
wait_for "two slots" said slots 'A run that is kept in memory' 2
unlock slots
wait_for "what waits is stored" said slots 'kept in memory are stored'
four_done() { [ "$(sql slots "SELECT count(*) FROM run WHERE state = 'done'")" -ge 4 ]; }
wait_for "the run after it" four_done
stop slots
is "locked at slots: none is called missed" "$(sql slots "SELECT count(*) FROM run WHERE state = 'missed'")" 0
is "locked at slots: each has one run that is done" "$(sql slots "SELECT slot_usec FROM run WHERE state = 'done' GROUP BY slot_usec HAVING count(*) > 1")" ''
is "locked at slots: none is without a row" "$(sql slots "SELECT (max(slot_usec) - min(slot_usec)) / 10000000 + 1 - count(DISTINCT slot_usec) FROM run")" 0

# -- its file system is read-only ----------------------------------------------------------------------------------------------

world ro
start ro
wait_for "the first run" said ro 'Run 1 done'
run ro
stop ro
mount -o remount,ro "$dir/ro"
start ro
wait_for "the service starts all the same" told ro 'READY=1' 2
quiet ro
run ro
run ro
is "read-only: it is said once" "$(count ro '^error: Unable to .*(read-only|readonly)')" 1
calm ro 2
mount -o remount,rw "$dir/ro"
run ro
is "read-only: what was kept is stored" "$(count ro '^notice: .*2 runs that were kept in memory are stored \(runs 3 to 4\)')" 1
is "read-only: one row a run" "$(sql ro "SELECT group_concat(state, ' ') FROM run")" 'done done done done done'
stop ro
whole ro

# -- it is damaged --------------------------------------------------------------------------------------------------------------

# damage NAME: pages of the file in place, not its header.
damage() {
	dd if=/dev/urandom of="$dir/$1/audit.db" bs=4096 seek=1 count=200 conv=notrunc 2>"$dir/waits"
}

world damaged
start damaged
wait_for "the first run" said damaged 'Run 1 done'
sql damaged 'PRAGMA wal_checkpoint(TRUNCATE)' >"$dir/waits"
quiet damaged
damage damaged
run damaged
run damaged
run damaged
is "damaged: it is said once, as critical" "$(count damaged '^critical: .* is damaged .* kept as .*audit.db.damaged-1, .*\.recover')" 1
calm damaged 3
is "damaged: the damaged file is kept" "$(sqlite3 -readonly "$dir/damaged/audit.db.damaged-1" 'PRAGMA integrity_check' 2>&1 | grep -c ok)" 0
is "damaged: the new one says where" "$(sql damaged 'SELECT kept FROM damages')" '*/audit.db.damaged-1'
is "damaged: runs go on in it" "$(sql damaged "SELECT count(*) FROM run WHERE state = 'done'")" '[23]'
is "damaged: what was spent is not known, so nothing is" "$(sql damaged "SELECT DISTINCT cause FROM latest")" uncounted
stop damaged
sqlite3 "$dir/damaged/audit.db" "UPDATE damage SET (wall_usec, boot_usec) = (wall_usec - 86400000000, boot_usec - 86400000000);
	PRAGMA wal_checkpoint(TRUNCATE)" >"$dir/waits"
start damaged
wait_for "the service starts" told damaged 'READY=1' 2
run damaged
is "damaged: a day later all is as ever" "$(sql damaged "SELECT passed, failed FROM run WHERE state = 'done' ORDER BY id DESC LIMIT 1")" '6|1'
stop damaged
sql damaged 'PRAGMA wal_checkpoint(TRUNCATE)' >"$dir/waits"
damage damaged
start damaged
wait_for "the service starts" told damaged 'READY=1' 3
run damaged
is "damaged at start: it is set aside as well" "$(count damaged '^critical: .* is damaged .* kept as .*audit.db.damaged-2')" 1
stop damaged
dd if=/dev/urandom of="$dir/damaged/audit.db" bs=4096 count=1 conv=notrunc 2>"$dir/waits"
start damaged
ended damaged
is "what is no database is not touched" "$code $(find "$dir/damaged" -name '*damaged-3*')" '4 '
has "  and the service says so" "$dir/damaged.err" 'is not a database'

lab_end
is "carriers and platform have nothing to complain of" "$(cat "$dir/world/violations")" ''
finish
