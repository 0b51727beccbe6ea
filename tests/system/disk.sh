#!/bin/sh
# disk.sh [BUILD]: the file system of the database is full, then has room again; and it cannot be written at all: the service goes on, says so
# once, and stores what it kept.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

printf 'api\nconfig schedule.interval=24h\ntrunk good\ntrunk refused refuse=403\n' >"$dir/world.scenario"
machine
boot
put_package "$deb" || give_up "the package is installed"
world world
state=/var/lib/trunkauditd
inside mkdir -p $state
inside mount -t tmpfs -o size=8m,mode=0750,uid=trunkauditd,gid=trunkauditd tmpfs $state
inside systemctl start trunkauditd || give_up "the service starts"
wait_for "the first run" recorded RUN_DONE

run_kept() { # run_kept TIMES: asks for a run that cannot be stored
	send USR1
	wait_for "a run that is kept" recorded RUN_KEPT "$1"
}

# -- full ----------------------------------------------------------------------------------------------------------------------------
inside dd if=/dev/zero of=$state/ballast bs=4k >"$dir/dd" 2>&1
is "the disk is full" "$(grep -c 'No space left' "$dir/dd")" 1
run_kept 1
run_kept 2
is "the service goes on" "$(unit ActiveState) $(unit NRestarts)" 'active 0'
is "  it says once that it cannot store" "$(events STORE_FAILED)" 1
is "  a reader sees what was stored before" "$(query 'SELECT count(*) FROM results')" 2
inside rm $state/ballast
send USR1
wait_for "the database is written again" recorded STORE_RECOVERED
wait_for "a run behind them" runs_done 4
is "what was kept is stored, in its order" "$(query "SELECT group_concat(id || state || (SELECT count(*) FROM result WHERE run = run.id)) FROM run")" \
	'1done2,2done2,3done2,4done2'
is "  and times" "$(query 'SELECT count(*) FROM run AS a JOIN run AS b ON b.id = a.id + 1 WHERE b.started_usec < a.finished_usec')" 0
is "  that is said once" "$(events STORE_RECOVERED)" 1
is "  the database is whole" "$(query 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok

# -- full, and stopped: what is kept is lost, and nothing else --------------------------------------------------------------------------
inside dd if=/dev/zero of=$state/ballast bs=4k >"$dir/dd" 2>&1
run_kept 3
inside systemctl stop trunkauditd
is "it stops" "$(unit ActiveState) $(unit Result)" 'inactive success'
inside systemctl start trunkauditd
is "it starts on a full disk" "$? $(unit ActiveState)" '0 active'
inside rm $state/ballast
restart
before=$(events RUN_DONE)
run_now
is "  and with room again it goes on" "$(query "SELECT max(id) >= 5, (SELECT state FROM run ORDER BY id DESC LIMIT 1) FROM run")" '1|done'
is "  the database is whole" "$(query 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
power_off
finish
