#!/bin/sh
# schedule.sh [BUILD]: every slot has a row, whatever becomes of the service, the host and its clock. The service sees clocks of its own
# (clocks.c), so that hours pass at once.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
api
config schedule.splay=0s
config probe.spacing=0s
config probe.timeout=2s
trunk good-1
trunk good-2
trunk silent extra=yes answer=silent
END
lab world
all=$dir/world/trunkauditd.yaml
without silent <"$all" >"$dir/quick"
sed 's/timeout: 2s/timeout: 60s/' "$all" >"$dir/slow" # a run that lasts until it is ended

hour=3600000000
slots() { sql "$1" "SELECT group_concat(state, ' ') FROM (SELECT state FROM slots ORDER BY slot)"; }
why() { sql "$1" "SELECT group_concat(DISTINCT reason) FROM run WHERE state = 'missed'"; }
# shellcheck disable=SC2317 # called by wait_for
runs() { [ "$(sql "$1" "SELECT count(*) FROM run WHERE state = 'done'")" -ge "$2" ]; }
idle() { # idle NAME N: so many runs are done, and the service has nothing to do
	wait_for "run $2" runs "$1" "$2"
	wait_for "idle" eval "[ \"\$(grep -o 'STATUS=[A-Z][a-z]*' '$dir/$1.notify' | tail -n 1)\" = STATUS=Idle ]"
}
whole() { # whole NAME INTERVAL: no slot is without a row, none completed twice
	is "  no slot is without a row" "$(sql "$1" "WITH RECURSIVE s(u) AS (SELECT min(slot_usec) FROM run UNION ALL
		SELECT u + $2 FROM s WHERE u < (SELECT max(slot_usec) FROM run)) SELECT count(*) FROM s
		WHERE NOT EXISTS (SELECT 1 FROM run WHERE slot_usec = u)")" 0
	is "  none is completed twice" "$(sql "$1" "SELECT count(*) FROM (SELECT 1 FROM run WHERE state = 'done' AND slot_usec IS NOT NULL
		GROUP BY slot_usec HAVING count(*) > 1)")" 0
}
# at NAME MINUTES SLEPT: the service's clock shows ten minutes past an hour plus MINUTES; the host slept for SLEPT of them, and was awake
# only for as long as this test lasts. In this test's comments the hour is 12:00.
past=$((4200 - $(date +%s) % 3600))
at() { turn "$1" "wall $((past + $2 * 60))" "boot $(($3 * 60))"; }

# -- not running ------------------------------------------------------------------------------------------------------------

config down "$dir/quick"
at down 0 0
start_clocked down
idle down 1
stop down
at down 30 30
: >"$dir/down.notify"
start_clocked down
idle down 1
stop down
is "started again in the same slot: nothing is missed, and no second run" "$(slots down)" 'done'
at down 240 240 # 16:10
: >"$dir/down.notify"
start_clocked down
idle down 2
is "down for three slots and a bit: they are missed, and one run follows" "$(slots down)" 'done missed missed missed done'
is "  with the reason" "$(why down)" not_running
is "  the run is that of the newest slot" "$(sql down "SELECT trigger, late_s < 1200 FROM runs JOIN slots ON run = runs.id WHERE run = 5")" 'start|1'
is "  the rows say what is known" "$(sql down "SELECT DISTINCT reason_detail FROM run WHERE state = 'missed'")" \
	'the last run before ended at *, this process began at *, the host was booted at *'
is "  the journal is told once" "$(grep -c 'missed' "$dir/down.err")" 1
has "  with count, slots and reason" "$dir/down.err" '^warning: 3 slot\(s\) missed, 2[0-9-]+T[0-9]+:00:00Z to 2[0-9-]+T[0-9]+:00:00Z: not_running \('
is "  coverage counts them" "$(sql down "SELECT missed FROM coverage WHERE trunk = 'good-1'")" 3

# -- asleep, and clocks that are set ----------------------------------------------------------------------------------------

at down 420 420 # 19:10
idle down 3
is "the host slept over two slots: they are missed, and one run follows" "$(slots down)" 'done missed missed missed done missed missed done'
is "  with the reason" "$(why down)" 'not_running,suspended'
at down 660 420 # 23:10
idle down 4
is "the clock was set forward over three slots: they are missed" \
	"$(sql down "SELECT count(*) FROM run WHERE reason = 'clock_stepped' AND state = 'missed'")" 3
has "  the journal says by how much" "$dir/down.err" 'The wall clock was set forward by 14(39[0-9]|4[0-9][0-9])\.[0-9] s'
whole down $hour
at down 480 420 # 20:10
idle down 5
is "set back into a slot that was missed: it gets its run" "$(sql down "SELECT count(*), max(state) FROM run WHERE slot_usec =
	(SELECT min(slot_usec) FROM run WHERE state = 'missed' AND reason = 'clock_stepped') AND state <> 'missed'")" '1|done'
at down 241 420 # 16:11
wait_for "the step" said down 'The wall clock was set back by' 2
at down 301 480 # 17:11
idle down 6
is "set back into a slot that is done, just after a run: nothing is done twice" "$(sql down 'SELECT count(*) FROM run WHERE slot_usec IS NULL')" 0
at down 421 600 # 19:11
idle down 7
is "a slot that is done comes again: its hour is audited, in a run of its own" \
	"$(sql down 'SELECT trigger, reason, reason_detail FROM run WHERE slot_usec IS NULL')" 'slot|clock_stepped|*set back*'
whole down $hour
at down $((60 * 24 * 365 * 3)) 600
wait_for "years later" said down 'only the newest 8784 of them get a row'
idle down 8
is "set forward by three years: a limited number of rows" "$(sql down "SELECT count(*) BETWEEN 8784 AND 8800 FROM run WHERE state = 'missed'")" 1
stop down

# -- slot by slot -----------------------------------------------------------------------------------------------------------

config fast "$dir/quick"
turn fast 'rate 7200' "base $(($(date +%s) / 3600 * 3600))"
start_clocked fast
wait_for "ten slots" runs fast 10
stop fast
is "two slots a second: each has its run" "$(sql fast "SELECT count(*) FROM slots WHERE state NOT IN ('done', 'aborted')")" 0
whole fast $hour

# -- killed, busy, stopped --------------------------------------------------------------------------------------------------

config killed "$dir/slow"
start killed
wait_for "a run" said killed 'Run 1 started'
tell killed KILL
ended killed
config killed "$dir/quick" # the same database
: >"$dir/killed.notify"
start killed
idle killed 1
stop killed
is "killed in a run: its row stays, and the slot gets another" "$(sql killed 'SELECT group_concat(state) FROM run')|$(slots killed)" 'broken,done|done'

# Slots each ten seconds, by the true clock: another process audits for 22 seconds, and a service is stopped for as long.
for name in busy stopped; do
	config $name "$dir/quick" -e 's/interval: 1h/interval: 10s\n  run_limit: 9s/'
	start $name
done
config busy-run "$all" -e 's/timeout: 2s/timeout: 22s/'
sed -i 's|busy-run\.db|busy.db|' "$dir/busy-run.yaml"
idle busy 1
idle stopped 1
tell stopped STOP
start busy-run "$build/trunkaudit" --config "$dir/busy-run.yaml" run --wait
ended busy-run
tell stopped CONT
for name in busy stopped; do
	wait_for "a run after it" said $name 'slot\(s\) missed'
	stop $name
done
is "another process audits over several slots: they are missed" "$(why busy)" busy
whole busy 10000000
is "stopped over several slots: they are missed, too" "$(why stopped)" stalled
whole stopped 10000000

lab_end
finish
