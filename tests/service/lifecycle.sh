#!/bin/sh
# lifecycle.sh [BUILD]: the service from its start to its end: what it tells the service manager, when it audits, what signals do.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
api
ntp
config schedule.splay=0s
config probe.spacing=0s
config probe.timeout=2s
trunk good-1
trunk good-2
trunk bad secret=wrong
trunk more extra=yes
trunk silent extra=yes answer=silent
END
lab world
all=$dir/world/trunkauditd.yaml
without silent <"$all" >"$dir/quick"             # every trunk answers at once
without more <"$dir/quick" >"$dir/fewer"         # one trunk less
sed 's/timeout: 2s/timeout: 60s/' "$all" >"$dir/slow" # a run that lasts until it is ended

# -- what READY means -------------------------------------------------------------------------------------------------------

config wrong "$dir/quick" -e 's/interval: 1h/interval: 7h/' -e 's/^  spacing:/  spacnig:/'
start wrong
ended wrong
is "a wrong configuration: exit 2" "$code" 2
lacks "  never READY" "$dir/wrong.notify" READY=1
has "  each mistake with its place" "$dir/wrong.err" 'wrong\.yaml:[0-9]+:[0-9]+: .*spac'
has "  and the other one" "$dir/wrong.err" 'wrong\.yaml:[0-9]+:[0-9]+: .*interval'
is "  no database is made" "$(find "$dir" -name wrong.db)" ''

config foreign "$dir/quick"
sqlite3 "$dir/foreign.db" 'PRAGMA application_id = 1; CREATE TABLE t (a); INSERT INTO t VALUES (1)'
start foreign
ended foreign
is "a database of another program: exit 4" "$code" 4
lacks "  never READY" "$dir/foreign.notify" READY=1
has "  a sentence says so" "$dir/foreign.err" 'foreign\.db is a database of another program'
is "  it is left as it was" "$(sqlite3 "$dir/foreign.db" 'SELECT count(*) FROM sqlite_schema')" 1

cp "$dir/world/secrets/trunk-0001" "$dir/open-secret"
chmod 0644 "$dir/open-secret"
config open "$dir/quick" -e "s|$dir/world/secrets/trunk-0001|$dir/open-secret|"
start open
ended open
is "a secret that others can read: exit 2" "$code" 2
lacks "  never READY" "$dir/open.notify" READY=1
has "  the mistake has its place" "$dir/open.err" 'open\.yaml:[0-9]+:[0-9]+: .*open-secret'

# Too few descriptors: whatever cannot be made then, READY is not told.
config few "$dir/quick"
refused=0
for n in 5 6 7 8 9 10; do
	: >"$dir/few.notify"
	# shellcheck disable=SC2016 # the inner shell expands it
	start few sh -c 'ulimit -n "$1" && exec "$2" --config "$3"' sh "$n" "$build/trunkauditd" "$dir/few.yaml"
	wait_for "few" eval "told few READY=1 || [ -s '$dir/few.code' ]"
	if told few READY=1; then
		tell few KILL
		ended few
	else
		ended few
		refused=$((refused + 1))
		is "only $n descriptors: exit 2 or 4" "$code" '[24]' # 2: what the configuration names cannot be read
	fi
done
is "  that was tried" "$refused" '[1-9]*'

# -- the first run, and when there is one at start --------------------------------------------------------------------------

config day "$dir/quick" -e 's/interval: 1h/interval: 24h/'
start day
wait_for "READY" told day READY=1
if [ -s "$dir/day.db" ]; then result 0 "READY: the database is there"; else result 1 "READY: the database is there"; fi
wait_for "the first run" told day 'STATUS=Idle'
is "no run yet: one at start, of the present slot" \
	"$(sql day "SELECT id, trigger, state, slot = strftime('%Y-%m-%dT00:00:00Z', started), trunks, passed, failed FROM runs")" \
	'1|start|done|1|4|3|1'
has "STATUS tells of the run" "$dir/day.notify" 'STATUS=A run is under way \(start\)$'
has "STATUS tells the next slot and the last run" "$dir/day.notify" \
	'STATUS=Idle until 2[0-9]{3}-[0-9]{2}-[0-9]{2}T00:00:00Z; last: run 1: 3 pass, 0 warn, 1 fail, 0 untested$'
is "READY comes once, before the run" "$(grep -c READY=1 "$dir/day.notify") $(sed -n '/READY=1/p; /A run is under way/p' "$dir/day.notify" | head -n 1)" \
	'1 *READY=1*'
is "all of it from the service itself" "$(cut -d ' ' -f 3 "$dir/day.notify" | sort -u)" "$(cat "$dir/day.pid")"
stop day
is "TERM while idle: exit 0" "$code" 0
is "STOPPING is the last that is told" "$(tail -n 1 "$dir/day.notify")" '*STOPPING=1*'
lacks "stderr: nothing but the trunk that fails is an error" "$dir/day.err" '^(emergency|alert|critical|error|warning): [^b]'

again() { # again TEXT TRIGGERS: starts the service once more; TRIGGERS are of all its runs, when it is idle
	: >"$dir/day.notify"
	start day
	wait_for "idle" told day 'STATUS=Idle'
	is "$1" "$(sql day 'SELECT group_concat(trigger, " ") FROM (SELECT trigger FROM run ORDER BY id)')" "$2"
	stop day
}
again "the last run is fresh: none at start" start
has "  STATUS names it" "$dir/day.notify" 'STATUS=Idle until .*; last: run 1:'
day=86400000000
sql day "UPDATE run SET slot_usec = slot_usec - $day, started_usec = started_usec - $day, finished_usec = finished_usec - $day"
again "a slot came while the service was stopped: one at start" 'start start'
is "  it belongs to that slot" "$(sql day "SELECT slot_usec % $day, slot_usec <= started_usec FROM run WHERE id = 2")" '0|1'
sql day "UPDATE run SET started_usec = started_usec + 7200000000, finished_usec = finished_usec + 7200000000 WHERE id = 2"
again "the last run lies in the future: one at start" 'start start start'
is "  it belongs to no slot, as that of the present one is done" \
	"$(sql day 'SELECT slot_usec IS NULL, reason FROM run WHERE id = 3')" '1|clock_stepped'
sql day "UPDATE run SET state = 'aborted' WHERE id > 1"
again "the last run was aborted: one at start" 'start start start start'

# -- watchdog ---------------------------------------------------------------------------------------------------------------

config dog "$all" -e 's/timeout: 2s/timeout: 5s/'
start dog env WATCHDOG_USEC=2000000 "$build/trunkauditd" --config "$dir/dog.yaml"
wait_for "the run" told dog 'STATUS=Idle'
wait_for "pings while idle" told dog WATCHDOG=1 4
stop dog
pings=$(awk '/STATUS=A run/ { on = 1 } /STATUS=Idle/ { on = 0 } on && /WATCHDOG=1/ { n++ } END { print n + 0 }' "$dir/dog.notify")
is "watchdog: pings during a run" "$pings" '[1-9]*'
# A ping is due after half of the time at the latest by sd-event's own rule, long before the manager would act.
gap=$(awk '/WATCHDOG=1/ { if (last && $2 - last > worst) worst = $2 - last; last = $2 } END { print int(worst / 1000) }' "$dir/dog.notify")
echo "# longest time between two pings: $gap ms of 2000 ms"

# -- slots and USR1 ---------------------------------------------------------------------------------------------------------

ten='s/interval: 1h/interval: 10s\n  run_limit: 9s/'
config slots "$dir/quick" -e "$ten"
start slots
wait_for "two slots" said slots 'Run [0-9]+ done' 3
tell slots USR1
wait_for "the run of USR1" said slots 'Run [0-9]+ started \(signal\)'
wait_for "its end" told slots 'STATUS=Idle' 4
stop slots
is "runs by the clock begin in a slot of their own" \
	"$(sql slots "SELECT count(*), min(slot_usec % 10000000 = 0 AND started_usec >= slot_usec AND started_usec < slot_usec + 10000000)
		FROM run WHERE trigger = 'slot'")" '[2-9]|1'
is "  one run for each" "$(sql slots "SELECT slot FROM runs WHERE trigger = 'slot' GROUP BY slot HAVING count(*) > 1")" ''
is "  without a gap" "$(sql slots "SELECT (max(slot_usec) - min(slot_usec)) / 10000000 + 1 - count(*) FROM run WHERE trigger = 'slot'")" 0
echo "# started after the slot: $(sql slots "SELECT group_concat((started_usec - slot_usec) / 1000) FROM run WHERE trigger = 'slot'") ms"
is "USR1 starts a run that belongs to no slot" "$(sql slots "SELECT state, slot_usec IS NULL FROM run WHERE trigger = 'signal'")" 'done|1'

config twice "$all"
start twice
wait_for "the first run" told twice 'STATUS=Idle'
tell twice USR1
wait_for "the run of USR1" said twice 'Run 2 started \(signal\)'
tell twice USR1
wait_for "the second USR1" said twice 'A run is under way'
wait_for "its end" told twice 'STATUS=Idle' 2
tell twice USR1
wait_for "one more" said twice 'Run 3 started \(signal\)'
stop twice
is "USR1 during a run starts no second one" "$(sql twice 'SELECT group_concat(trigger) FROM run')" 'start,signal,signal'

# A slot that comes during a run is not lost: its own run follows.
config over "$all" -e "$ten" -e 's/timeout: 2s/timeout: 8s/'
until [ $(($(date +%s) % 10)) -ge 3 ] && [ $(($(date +%s) % 10)) -le 4 ]; do # so that a slot comes while the first run waits, 3 to 9 s from now
	sleep 0.1
done
start over
wait_for "a slot during the run" said over 'A run is under way'
wait_for "both" said over 'Run [0-9]+ done' 2
stop over
is "a slot that comes during a run gets its run after it" \
	"$(sql over "SELECT trigger, state, slot_usec % 10000000, slot_usec <= (SELECT finished_usec FROM run WHERE id = 1) FROM run WHERE id = 2")" \
	'slot|done|0|1'

# -- HUP --------------------------------------------------------------------------------------------------------------------

config hup "$dir/fewer"
start hup
wait_for "the first run" told hup 'STATUS=Idle'
reload() { # reload: HUP, and until the service is ready again
	readies=$(grep -c READY=1 "$dir/hup.notify")
	tell hup HUP
	wait_for "reloaded" told hup READY=1 $((readies + 1))
}
reload
has "HUP: RELOADING with the time of it" "$dir/hup.notify" 'RELOADING=1\|MONOTONIC_USEC=[0-9]+$'
is "  the time is the monotonic clock's" "$(awk '/RELOADING/ { sub(/.*MONOTONIC_USEC=/, "", $0); print }' "$dir/hup.notify")" \
	"$(awk '/RELOADING/ { printf "%s*", substr($2, 1, length($2) - 7) }' "$dir/hup.notify")"
is "  then READY" "$(awk '/RELOADING/ { on = 1 } on && /READY=1/ { print "READY after it"; exit }' "$dir/hup.notify")" 'READY after it'
printf 'schedule:\n  interval: [\n' >"$dir/hup.yaml"
reload
has "a broken file: said with its place" "$dir/hup.err" '^error: .*hup\.yaml:[0-9]+:[0-9]+:'
has "  CONFIG_REFUSED" "$dir/hup.err" 'hup\.yaml is refused .*; the old one stays in force'
tell hup USR1
wait_for "a run" said hup 'Run 2 done'
is "  the old one is in force" "$(sql hup 'SELECT state, trunks FROM run WHERE id = 2')" 'done|3'
config hup "$dir/quick" -e 's/interval: 1h/interval: 24h/'
reload
tell hup USR1
wait_for "a run" said hup 'Run 3 done'
is "a good one with one trunk more: the next run has it" "$(sql hup 'SELECT state, trunks FROM run WHERE id = 3')" 'done|4'
has "  STATUS tells the new schedule at once" "$dir/hup.notify" 'STATUS=Idle until [^;]*T00:00:00Z; last: run 2:'
config hup "$all"
reload
tell hup USR1
wait_for "a run" said hup 'Run 4 started'
config hup "$dir/fewer"
reload
wait_for "its end" said hup 'Run 4 done'
is "HUP during a run: that run keeps what it began with" "$(sql hup 'SELECT state, trunks FROM run WHERE id = 4')" 'done|5'
tell hup USR1
wait_for "a run" said hup 'Run 5 done'
is "  the next has the new one" "$(sql hup 'SELECT state, trunks FROM run WHERE id = 5')" 'done|3'
config hup "$dir/fewer" -e 's|hup\.db|moved.db|'
reload
has "HUP with another database: told, and left for the next start" "$dir/hup.err" 'store.path changed'
stop hup
is "  nothing is made there" "$(find "$dir" -name 'moved.db*')" ''

# Reloads at the very moment of a slot.
config at-slot "$dir/quick" -e "$ten"
start at-slot
wait_for "the first run" told at-slot 'STATUS=Idle'
slot=$((($(date +%s) / 10 + 1) * 10))
until [ "$(date +%s)" -gt "$slot" ]; do
	tell at-slot HUP
	sleep 0.05
done
wait_for "a slot" said at-slot 'Run [0-9]+ started \(slot\)'
wait_for "its end" said at-slot 'Run 2 done'
stop at-slot
is "HUP at the moment of a slot: the slot is not lost" "$(sql at-slot 'SELECT slot_usec / 1000000 FROM run WHERE id = 2')" "$slot"

# -- TERM and INT in the middle of a run ------------------------------------------------------------------------------------

# The trunks that answer are done long before the one that does not; how long before, depends on the machine.
abort_run() { # abort_run NAME SIGNAL
	for pause in 1 3 9; do
		rm -f "$dir/$1.db"*
		: >"$dir/$1.notify"
		: >"$dir/$1.err"
		config "$1" "$dir/slow"
		start "$1"
		wait_for "a run" said "$1" 'Run 1 started'
		sleep "$pause"
		began=$(date +%s%N)
		tell "$1" "$2"
		ended "$1"
		took=$((($(date +%s%N) - began) / 1000000))
		[ "$(sql "$1" "SELECT count(*) FROM results WHERE cause = 'run_ended'")" = 1 ] && break
	done
	echo "# $2 to the end of the process: $took ms"
	is "$2 in the middle of a run: exit 0" "$code" 0
	is "  the run's row says so" "$(sql "$1" 'SELECT state, finished_usec IS NOT NULL, trunks FROM run')" 'aborted|1|5'
	is "  what was finished has its verdict, the rest run_ended" "$(sql "$1" 'SELECT trunk, cause FROM results ORDER BY trunk' | tr '\n' ' ')" \
		'bad|wrong_password good-1|ok good-2|ok more|ok silent|run_ended '
	has "  the failure is told" "$dir/$1.err" '^error: bad: fail, wrong_password'
	lacks "  run_ended is not told as one" "$dir/$1.err" '(^[a-z]+: silent:|run_ended)'
	has "  the end of the run is told" "$dir/$1.err" 'Run 1 ended early: 5 trunks, 3 pass, 0 warn, 1 fail, 1 untested'
	is "  STOPPING is told first" "$(grep -n STOPPING "$dir/$1.notify" | head -n 1)" '*STOPPING=1|STATUS=Stopping'
	lacks "  and no other STATUS after it" "$dir/$1.notify" 'STATUS=Idle'
}
abort_run term TERM
abort_run int INT

# A trunk that fails, then is cut, then passes: one failure, one recovery.
config ends "$all"
sed -i '/name: "silent"/,$ s/proxies:.*/proxies: ["127.0.0.1:9"]/' "$dir/ends.yaml" # nobody there: refused at once
start ends
wait_for "a run" said ends 'Run 1 done'
stop ends
is "a trunk that fails is told" "$(grep -c '^[a-z]*: silent:' "$dir/ends.err")" 1
next_run() { # next_run N: of what is in force now
	start ends
	wait_for "idle" told ends 'STATUS=Idle' "$1"
	tell ends USR1
	wait_for "a run" said ends "Run $1 started"
}
config ends "$dir/slow"
next_run 2
stop ends
is "  cut by TERM in the next run: nothing is told of it" "$(grep -c '^[a-z]*: silent:' "$dir/ends.err")" 1
is "  that run was cut" "$(sql ends 'SELECT state FROM run WHERE id = 2')" aborted
config ends "$dir/quick" -e 's/name: "more"/name: "silent"/'
next_run 3
wait_for "its end" said ends 'Run 3 done'
stop ends
is "  when it passes, its recovery is told" "$(grep '^[a-z]*: silent:' "$dir/ends.err" | tail -n +2)" 'info: silent: again pass: *'

# -- two processes ----------------------------------------------------------------------------------------------------------

config both "$all" -e 's/timeout: 2s/timeout: 6s/'
start both
wait_for "a run" said both 'Run 1 started'
code=0
"$build/trunkaudit" --config "$dir/both.yaml" run >"$dir/run.out" 2>"$dir/run.err" </dev/null || code=$?
is "trunkaudit run while the service is in a run: exit 3" "$code" 3
has "  a sentence says so" "$dir/run.err" 'another process audits .*both\.db at this moment; try again'
code=0
"$build/trunkaudit" --config "$dir/both.yaml" run --wait=1s >"$dir/run.out" 2>"$dir/run.err" </dev/null || code=$?
is "  with --wait=1s: exit 3 after that time" "$code" 3
has "  it said whom it waits for" "$dir/run.err" "another process \($(cat "$dir/both.pid")\) audits .*both\.db; waiting for it"
code=0
"$build/trunkaudit" --config "$dir/both.yaml" run --wait=long >"$dir/run.out" 2>"$dir/run.err" </dev/null || code=$?
is "  with a wait that is no length of time: exit 2" "$code" 2
is "  the service's run is not disturbed" "$(sql both 'SELECT group_concat(state) FROM run')" running
start both-run "$build/trunkaudit" --config "$dir/both.yaml" run --wait
ended both-run
is "  with --wait: it audits after the service's run" "$(sql both 'SELECT group_concat(state) FROM run')|$code" 'done,done|1'
is "  and not at the same time" "$(sql both 'SELECT b.started_usec >= a.finished_usec FROM run AS a, run AS b WHERE (a.id, b.id) = (1, 2)')" 1
start both-run "$build/trunkaudit" --config "$dir/both.yaml" run
wait_for "its run" eval "[ \"\$(sql both 'SELECT count(*) FROM run')\" = 3 ]"
start both-wait "$build/trunkaudit" --config "$dir/both.yaml" run --wait
wait_for "it waits" said both-wait 'waiting for it'
tell both-wait TERM
ended both-wait
is "  TERM while it waits: exit 3, and no run" "$code|$(sql both 'SELECT count(*) FROM run')" '3|3'
ended both-run
stop both

# A slot comes while trunkaudit run is at work: once it is left alone, once the operator asks for a run by USR1 as soon as that is possible.
# One run comes before, early in a slot: after two the guard would hold the trunk that fails.
twenty='s/interval: 1h/interval: 20s\n  run_limit: 19s/'
until [ $(($(date +%s) % 20)) -le 6 ]; do
	sleep 0.1
done
for name in wait wait-usr1; do
	config "$name" "$dir/quick" -e "$twenty"
	start "$name"
	config "$name-run" "$all" -e 's/timeout: 2s/timeout: 12s/'
	sed -i "s|$name-run\.db|$name.db|" "$dir/$name-run.yaml"
done
wait_for "the first runs" eval "told wait STATUS=Idle && told wait-usr1 STATUS=Idle"
until [ $(($(date +%s) % 20)) -eq 12 ]; do
	sleep 0.1
done
slot=$((($(date +%s) / 20 + 1) * 20))
for name in wait wait-usr1; do
	start "$name-run" "$build/trunkaudit" --config "$dir/$name-run.yaml" run
done
for name in wait wait-usr1; do
	wait_for "a slot" said "$name" "Another process audits .*$name\.db; this run waits for it"
	has "a slot during trunkaudit run: STATUS says what it waits for" "$dir/$name.notify" 'STATUS=Waiting for another process that audits'
	ended "$name-run"
	is "  trunkaudit run is not disturbed" "$code" 1
done
tell wait-usr1 USR1
for name in wait wait-usr1; do
	wait_for "the run that waited" said "$name" 'Run 3 done'
	stop "$name"
	is "  the slot gets its run after it" "$(sql "$name" 'SELECT trigger, state, slot_usec / 1000000 FROM run WHERE id = 3')" "slot|done|$slot"
done

config one "$all"
config two "$all"
sed -i 's|two\.db|one.db|' "$dir/two.yaml"
start one
wait_for "a run" said one 'Run 1 started'
start two
wait_for "READY of the second" told two READY=1
wait_for "the end of the first's run" said one 'Run 1 done'
wait_for "the second waits or had nothing to do" eval "told two STATUS=Idle || said two 'Another process audits'"
for _ in 1 2 3; do
	tell one USR1
	tell two USR1
	sleep 2.5
done
wait_for "some runs" eval "[ \"\$(sqlite3 '$dir/one.db' \"SELECT count(*) FROM run WHERE state = 'done'\")\" -ge 4 ]"
stop one
stop two
is "two services on one database never audit at once" "$(sql one 'SELECT a.id, b.id FROM run AS a JOIN run AS b ON a.id < b.id
	WHERE b.started_usec < coalesce(a.finished_usec, b.started_usec) AND a.started_usec < coalesce(b.finished_usec, a.started_usec + 1)')" ''
is "  and no run is broken" "$(sql one "SELECT count(*) FROM run WHERE state IN ('broken', 'running')")" 0
lacks "  nor did a run break another" "$dir/one.err" 'marked broken'
lacks "  either way" "$dir/two.err" 'marked broken'

# -- secrets ----------------------------------------------------------------------------------------------------------------

for file in "$dir"/world/secrets/*; do
	cat "$file"
	echo
done | grep . >"$dir/secrets"
is "there are secrets to look for" "$(wc -l <"$dir/secrets")" 6
if grep -hF -f "$dir/secrets" "$dir"/*.err "$dir"/*.out "$dir"/*.notify >"$dir/found"; then
	result 1 "no secret is told" "$(head -n 1 "$dir/found")"
else
	result 0 "no secret is told"
fi
for file in "$dir"/*.db; do
	sqlite3 "$file" .dump
done >"$dir/dumps"
if grep -qF -f "$dir/secrets" "$dir/dumps"; then result 1 "no secret is stored"; else result 0 "no secret is stored"; fi

lab_end
is "the carriers and the platform have no complaint" "$(cat "$dir/world/violations")" ''
finish
