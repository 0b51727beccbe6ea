#!/bin/sh
# kill.sh [BUILD] [N]: kills the service by SIGKILL at N random moments of a run (default 200, or a share of them, see
# unit/share.h). After each kill the database must be whole: no run missing, none in part, nothing remembered as told that was not told. The
# next start carries on. SEED=S repeats the moments.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
times=${2:-$((200 / ${TEST_SHARE:-1}))}
seed=${SEED:-$(date +%s)}
echo "# seed $seed, $times kills"

# Trunk flip changes between a wrong password and the right one, so that there is always something to tell.
cat >"$dir/world.scenario" <<END
# Two hundred starts in a minute are asked of the platform here, each of which knows only its own run.
api allowed=30000
ntp
config schedule.interval=24h
config probe.spacing=0s
# What a killed run reserved stays counted; here each run is to be a whole one.
$(unguarded)
config alerts.flap_detection=false
trunk t-%d count=11
trunk far latency=30
trunk bad-1 secret=wrong
trunk bad-2 secret=wrong wrong=403
trunk flip extra=yes
END
lab world
config kill "$dir/world/trunkauditd.yaml"
sed '/name: "flip"/,$ s/trunk-0015/trunk-0013/' "$dir/kill.yaml" >"$dir/flipped.yaml"
: >"$dir/kill.err"

begin() { # begin FILE: the service with this configuration; $pid
	: >"$dir/now.err"
	"$build/trunkauditd" --config "$1" >>"$dir/kill.out" 2>"$dir/now.err" </dev/null &
	pid=$!
	echo "$pid" >"$dir/kill.pid"
	until grep -qs ' started; database' "$dir/now.err"; do
		kill -0 "$pid" 2>/dev/null || give_up "the service starts"
		sleep 0.01
	done
}

end() { # end SIGNAL
	kill -"$1" "$pid"
	wait "$pid" 2>>"$dir/waits"
	rm -f "$dir/kill.pid"
	cat "$dir/now.err" >>"$dir/kill.err"
}

# How long a run takes here, in microseconds: the first, which also asks for a token, as every one does below.
begin "$dir/kill.yaml"
wait_for "the first run" grep -q 'Run 1 done' "$dir/now.err"
for n in 2 3 4 5; do
	kill -USR1 "$pid"
	wait_for "run $n" grep -q "Run $n done" "$dir/now.err"
done
end TERM
usec=$(sql kill 'SELECT max(finished_usec - started_usec) FROM run')

# Half of the moments lie anywhere in a run and a little after it, half around its end, where it is stored and told.
awk -v seed="$seed" -v n="$times" -v usec="$usec" 'BEGIN {
	srand(seed)
	for (i = 0; i < n; i++)
		printf "%.4f\n", (i % 2 ? rand() * 1.2 : 0.8 + rand() * 0.5) * usec / 1000000
}' >"$dir/moments"

# One row: what must be 'ok', and how far the newest run was.
inspect() {
	sql kill "
	SELECT group_concat(integrity_check) FROM pragma_integrity_check;
	SELECT 'foreign key ' || \"table\" FROM pragma_foreign_key_check;
	SELECT 'gap in the runs' WHERE (SELECT count(*) <> max(id) FROM run);
	SELECT 'state of run ' || id || ': ' || state FROM run
		WHERE state NOT IN ('done', 'broken') AND NOT (state = 'running' AND id = (SELECT max(id) FROM run)) AND id > 5;
	SELECT 'part of run ' || id FROM run
		WHERE (SELECT count(*) FROM result WHERE run = id) <> CASE state WHEN 'done' THEN 15 ELSE 0 END;
	SELECT 'evidence without a done run' FROM evidence WHERE run NOT IN (SELECT id FROM run WHERE state = 'done') LIMIT 1;
	SELECT 'run ' || id || ' counts otherwise' FROM run WHERE state = 'done' AND (trunks, passed + warned + failed + untested) <> (15, 15);
	"
}

wrong=0 turn=0
while read -r moment; do
	turn=$((turn + 1))
	if [ $((turn / 2 % 2)) -eq 0 ]; then begin "$dir/kill.yaml"; else begin "$dir/flipped.yaml"; fi
	kill -USR1 "$pid"
	sleep "$moment"
	end KILL
	found=$(inspect 2>&1)
	told=$(sed -n 's/^info: Run \([0-9]*\) started.*/\1/p' "$dir/now.err" | tail -n 1)
	sql kill "SELECT max(id), state, $turn FROM run" >>"$dir/states"
	sql kill "SELECT subject, word, run FROM announcement JOIN cause ON cause.id = cause" >>"$dir/remembered"
	[ "${told:-0}" -le "$(tail -n 1 "$dir/states" | cut -d '|' -f 1)" ] || found="run $told has no row"
	if [ "$found" != ok ]; then
		wrong=$((wrong + 1))
		result 1 "kill $turn after $moment s" "$found"
	fi
done <"$dir/moments"
is "$times kills: the database was whole after each" "$wrong" 0
echo "# a run took up to $((usec / 1000)) ms; newest run at the kill: $(cut -d '|' -f 2 "$dir/states" | sort | uniq -c | tr -s ' \n' ' ')"
for state in running "done"; do
	is "some moments found the newest run $state" "$(grep -c "|$state|" "$dir/states")" '[1-9]*'
done

# At the end a normal run.
begin "$dir/kill.yaml"
kill -USR1 "$pid"
last=$(($(sql kill 'SELECT max(id) FROM run') + 1))
wait_for "a normal run" grep -qE "Run ($last|$((last - 1))) done" "$dir/now.err"
end TERM
is "a normal run follows" "$(sql kill "SELECT state, trunks, passed, failed FROM run ORDER BY id DESC LIMIT 1")" 'done|15|13|2'
is "  every trunk has its verdict" "$(sql kill "SELECT count(*) FROM latest WHERE run = (SELECT max(id) FROM run)")" 15
is "  no run is left running" "$(sql kill "SELECT count(*) FROM run WHERE state = 'running'")" 0
is "  the database is whole" "$(inspect 2>&1)" ok
is "  runs that were killed are broken, the others done" "$(sql kill "SELECT group_concat(DISTINCT state) FROM run ORDER BY state")" '*,*'

# Every run that was told of has its row, and no run was told of twice.
sed -n 's/^info: Run \([0-9]*\) started.*/\1/p' "$dir/kill.err" | sort -n >"$dir/told"
is "no run is told twice" "$(uniq -d "$dir/told")" ''
sql kill 'SELECT id FROM run ORDER BY id' >"$dir/rows"
is "each run that was told has its row" "$(sort "$dir/rows" >"$dir/rows.sorted" && sort "$dir/told" | comm -13 "$dir/rows.sorted" -)" ''
echo "# killed between the row and the telling of it: $(($(wc -l <"$dir/rows") - $(wc -l <"$dir/told")))"

# What is remembered as told was told, in the run that is remembered.
grep '^trunk:' "$dir/remembered" | tr '|' ' ' >"$dir/remembered.trunks"
sqlite3 -separator ' ' "$dir/kill.db" "SELECT 'trunk:' || trunk_id, name FROM trunk" >"$dir/names"
awk 'FILENAME ~ /names$/ { name[$1] = $2; next }
	FILENAME ~ /kill\.err$/ {
		if ($2 == "Run" && $4 == "started") run = $3
		else { trunk = $2; sub(/:$/, "", trunk); said[run, trunk] = 1 }
		next
	}
	{ n++; if (!((($3), name[$1]) in said)) print "run " $3 " did not tell of " name[$1] ": " $2 }
	END { if (n == 0) print "nothing was remembered" }' "$dir/names" "$dir/kill.err" "$dir/remembered.trunks" | sort -u >"$dir/lost"
is "what is remembered as told was told" "$(head -n 1 "$dir/lost")" ''

# What was told last of a trunk is what the last run found.
for trunk in bad-1 bad-2 flip far; do
	want=$(sql kill "SELECT outcome FROM latest WHERE trunk = '$trunk'")
	was=$(grep -E "^[a-z]+: $trunk: " "$dir/kill.err" | tail -n 1)
	case $want/$was in
	fail/*": fail, "* | fail/*": now fail, "* | pass/*": again pass"* | pass/) result 0 "nothing is lost: $trunk, last told as it is" ;;
	*) result 1 "nothing is lost: $trunk, last told as it is" "$want, but told '$was'" ;;
	esac
done
echo "# changes told of flip: $(grep -cE '^[a-z]+: flip: ' "$dir/kill.err") in $(sql kill 'SELECT count(*) FROM run') runs"

lab_end
is "the carriers and the platform have no complaint" "$(cat "$dir/world/violations")" ''
finish
