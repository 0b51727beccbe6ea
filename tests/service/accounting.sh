#!/bin/sh
# accounting.sh [BUILD]: what the carriers count is what may be asked of them and what the database says: at most three requests with
# credentials for each trunk and run, also when runs are cut by TERM, or end by the limit of a run.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

# Every trunk has a reason of its own to be asked more than once.
cat >"$dir/world.scenario" <<END
api
config schedule.interval=24h
config schedule.run_limit=2s
config probe.spacing=0s
config probe.timeout=60s
latency 30
trunk good
trunk late nonce_life=0.01
trunk stale stale_first=9
trunk once one_time=yes stale_first=1
trunk wrong secret=wrong
trunk forbidden secret=wrong wrong=403
trunk port uri=port
trunk exact uri=exact
trunk int qop=auth-int cfg_qop=auth-int secret=wrong
trunk two algorithm="SHA-256,MD5" secret=wrong
trunk proxy challenge=407 secret=wrong
trunk locks secret=wrong lock_after=2
trunk lost lose=2
trunk silent answer=silent
trunk drops secret=wrong wrong=drop
END

# What the lab counted against what the database says, trunk by trunk, in these runs.
compare() { # compare TEXT NAME RUNS
	over=$(awk -F '\t' -v max=$((3 * $3)) '$3 > max { print $1 ": " $3 }' "$dir/$2/carriers.tsv")
	is "$1: at most three requests with credentials for each trunk and run" "$over" ''
	sqlite3 -separator "$(printf '\t')" "$dir/$2.db" \
		'SELECT trunk, sum(requests), sum(credentialed) FROM results GROUP BY trunk ORDER BY trunk' >"$dir/$2.database"
	cut -f 1-3 "$dir/$2/carriers.tsv" | sort >"$dir/$2.carriers"
	LC_ALL=C sort "$dir/$2.database" >"$dir/$2.database.sorted"
	LC_ALL=C sort "$dir/$2.carriers" >"$dir/$2.carriers.sorted"
	is "  the database says what the carriers counted" "$(diff "$dir/$2.database.sorted" "$dir/$2.carriers.sorted")" ''
	is "  there is something to count" "$(awk '{ n += $3 } END { print n + 0 }' "$dir/$2.carriers")" '[1-9]*'
	is "  the carriers and the platform have no complaint" "$(cat "$dir/$2/violations")" ''
	is "  the runs are what was meant" "$(sql "$2" 'SELECT count(*) FROM run')" "$3"
}

cp "$dir/world.scenario" "$dir/limit.scenario"
lab limit
config limit "$dir/limit/trunkauditd.yaml"
start limit
wait_for "a run" said limit 'Run 1 (done|ended early)'
stop limit
lab_end
is "the limit of a run ends what still waits" "$(sql limit "SELECT state, group_concat(trunk) FROM runs, results WHERE cause = 'run_ended'")" 'aborted|*silent*'
compare "one run" limit 1

# Cut at some moments, a new run each time.
sed 's/run_limit=2s/run_limit=60s/' "$dir/world.scenario" >"$dir/cut.scenario"
lab cut
config cut "$dir/cut/trunkauditd.yaml"
runs=0
for pause in 0 0.02 0.04 0.06 0.08 0.1 0.13 0.16 0.2 0.3 0.5 1; do
	start cut
	wait_for "READY" told cut READY=1 $((runs + 1))
	runs=$((runs + 1))
	wait_for "a run" said cut "Run $runs started"
	sleep "$pause"
	stop cut
done
lab_end
is "TERM cuts every run" "$(sql cut "SELECT group_concat(DISTINCT state) FROM run")" aborted
# A request on its way when the run was cut has reached the carrier, and is in the evidence all the same.
compare "$runs runs cut by TERM" cut "$runs"
is "  no run was left open" "$(sql cut "SELECT count(*) FROM run WHERE finished_usec IS NULL")" 0
finish
