#!/bin/sh
# guard.sh [BUILD]: the lock-out guard seen from outside: what a held trunk looks like to the operator, how it is freed by force, and that a
# run that is killed leaves counted what it might have sent.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
config schedule.interval=24h
config probe.spacing=0s
config guard.hold_after=2
trunk wrong extra=yes secret=wrong
trunk works extra=yes
END
lab world
config guard "$dir/world/trunkauditd.yaml" -e 's/^  hold_after: 2/&\n  carrier_failures_per_10m: 0\n  trunk_failures_per_hour: 6/'

run() { # run RC ARGUMENT...
	rc=$1 got=0
	shift
	"$build/trunkaudit" --config "$dir/guard.yaml" run "$@" >"$dir/run.out" 2>"$dir/run.err" || got=$?
	is "run $*: exit status" "$got" "$rc"
}
verdict() { sql guard "SELECT outcome || ' ' || cause FROM latest WHERE trunk = 'wrong'"; }

# -- held, and forced ---------------------------------------------------------------------------------------------------------
run 2 --force
has "--force alone is refused" "$dir/run.err" 'force needs --trunk'
run 1
run 1
run 3
is "the third run does not send them" "$(verdict)" 'untested held'
has "  and says since when" "$dir/run.out" 'not sent again: 2 runs in'
is "  the carrier was asked" "$(sql guard "SELECT requests || ' ' || credentialed FROM history WHERE trunk = 'wrong' LIMIT 1")" '1 0'
is "the view shows it" "$(sql guard "SELECT hour, why FROM guard WHERE trunk = 'wrong'")" '9/60, 4/12, 4/6|not sent again: 2 runs*'
run 1 --trunk wrong --force
is "by force they are sent" "$(verdict)" 'fail wrong_password'
run 3
is "once" "$(verdict)" 'untested held'
run 3 --trunk wrong --force
is "and within the budget" "$(verdict)" 'untested budget_spent'
is "the other trunk never noticed" "$(sql guard "SELECT DISTINCT outcome FROM history WHERE trunk = 'works'")" 'pass'

# -- one incident ---------------------------------------------------------------------------------------------------------------
config tells "$dir/world/trunkauditd.yaml" -e 's/^  hold_after: 2/&\n  carrier_failures_per_10m: 0\n  trunk_failures_per_hour: 0/'
start tells
for n in 1 2 3 4; do
	wait_for "run $n" grep -q "Run $n done" "$dir/tells.err"
	kill -USR1 "$(cat "$dir/tells.pid")"
done
wait_for "run 5" grep -q "Run 5 done" "$dir/tells.err"
stop tells
is "it is held" "$(sql tells "SELECT cause FROM latest WHERE trunk = 'wrong'")" held
is "and was told once" "$(grep -c 'wrong: fail\|wrong: now\|wrong: untested' "$dir/tells.err")" 1

# -- killed -----------------------------------------------------------------------------------------------------------------------
lab_end world
cat >"$dir/slow.scenario" <<END
config schedule.interval=24h
latency 60000
trunk slow extra=yes
END
lab slow
config slow "$dir/slow/trunkauditd.yaml" -e 's/^  timeout: 2s/  timeout: 5m/'
"$build/trunkauditd" --config "$dir/slow.yaml" >"$dir/slow.out" 2>"$dir/slow.err" &
pid=$!
echo "$pid" >"$dir/slow.pid"
wait_for "the reservation" sh -c "sqlite3 '$dir/slow.db' 'SELECT settled FROM ledger' | grep -qx 0"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
rm -f "$dir/slow.pid"
is "what a killed run reserved is counted on the trunk" "$(sql slow 'SELECT requests, credentialed, failures FROM trunk_spending')" '6|3|2'
is "  and on its host" "$(sql slow 'SELECT requests, credentialed, failures FROM carrier_spending')" '6|3|2'
finish
