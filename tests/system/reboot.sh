#!/bin/sh
# reboot.sh [BUILD]: a host that is switched off, and one that dies in the middle of a run: after either boot the slots that were missed have
# rows that say so, one run follows, no slot has two, and nothing is told twice.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

# What an interval of seconds spends in an hour is far above what carriers allow.
cat >"$dir/world.scenario" <<END
api allowed=100000
config schedule.interval=10s
config schedule.splay=0s
config schedule.run_limit=8s
config probe.timeout=7s
$(unguarded)
trunk good id=11111111-1111-4111-8111-111111111111
trunk wrong id=22222222-2222-4222-8222-222222222222 secret=wrong
phase 2
trunk good answer=silent
END
slot_usec=10000000
machine
boot
put_package "$deb" || give_up "the package is installed"
world world
inside systemctl enable --quiet --now trunkauditd || give_up "the service starts"
wait_for "a run in its slot" has_run "\"trigger\" = 'slot'"

# missed N: this many whole slots pass.
missed() {
	sleep $((($1 + 1) * slot_usec / 1000000))
}
last_run() { query "SELECT max(id) FROM run"; }

# -- switched off -------------------------------------------------------------------------------------------------------------------
power_off
missed 2
boot
before=$(inside journalctl --quiet -b -1 -o json -n 1 MESSAGE_ID="$(id_of STOPPED)" >"$dir/entry" && wc -l <"$dir/entry")
is "the machine was switched off and on: the journal has the service's end" "$before" 1
wait_for "the run that catches up" has_run "state = 'done' AND \"trigger\" = 'start' AND id > (SELECT max(id) FROM run WHERE state = 'missed')"
is "the slots of the time between have rows" "$(query "SELECT count(*) >= 2, group_concat(DISTINCT reason) FROM run WHERE state = 'missed'")" '1|*not_running*'
wait_for "a run in its slot" has_run "state = 'done' AND \"trigger\" = 'slot' AND id > (SELECT max(id) FROM run WHERE reason = 'not_running')"
is "  one run catches up" "$(query "SELECT count(*) FROM run WHERE \"trigger\" = 'start' AND state = 'done'")" 2
is "what failed before is not told again" "$(events TRUNK_FAILED)" 1

# -- dead in a run ---------------------------------------------------------------------------------------------------------------------
phase 2
wait_for "a run to die in" has_run "state = 'running' AND started_usec > (SELECT max(finished_usec) FROM run)"
query "SELECT * FROM run WHERE state <> 'running'; SELECT * FROM results ORDER BY run, trunk" >"$dir/before"
crashed=$(last_run)
crash
missed 2
boot
wait_for "the run that catches up" has_run "state = 'done' AND \"trigger\" = 'start' AND id > $crashed"
query "SELECT * FROM run WHERE id < $crashed; SELECT * FROM results WHERE run < $crashed ORDER BY run, trunk" >"$dir/after"
is "the machine died in a run: nothing that was stored is lost" "$(wc -l <"$dir/before") $(diff "$dir/before" "$dir/after")" '[1-9]* '
is "  the run has its row" "$(query "SELECT state FROM run WHERE id = $crashed")" broken
is "  the slots of the time between have theirs" "$(query "SELECT count(*) >= 2 FROM run WHERE state = 'missed' AND reason = 'not_running' AND id > $crashed")" 1
is "  the database is whole" "$(query 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok

# -- all of it -------------------------------------------------------------------------------------------------------------------------------
inside systemctl stop trunkauditd
is "no slot has two rows, but one where a run broke" "$(query "SELECT slot_usec, count(*) FROM run
	WHERE slot_usec IS NOT NULL AND state <> 'broken' GROUP BY 1 HAVING count(*) > 1")" ''
is "no slot has none" "$(query "SELECT (max(slot_usec) - min(slot_usec)) / $slot_usec + 1 - count(DISTINCT slot_usec) FROM run")" 0
is "what was told of a trunk was told once in all three boots" "$(events TRUNK_FAILED) $(inside journalctl --list-boots --quiet | wc -l)" '* 3'
is "each run that the journal has is in the database" "$(inside journalctl --quiet -o cat --output-fields=TRUNKAUDIT_RUN \
	MESSAGE_ID="$(id_of RUN_STARTED)" | sort -u | wc -l)" "$(query "SELECT count(*) FROM run WHERE state <> 'missed'")"
power_off
finish
