#!/bin/sh
# figures.sh [BUILD]: prints what the program takes: time, CPU, memory, wake-ups, size. No test: nothing here passes or fails.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
idle=${IDLE:-60} # seconds for which the waiting service is watched
${CC:-cc} -D_GNU_SOURCE -O1 -o "$dir/usage" tests/service/usage.c || give_up "compile"

echo "Size of the stripped programs:"
for program in trunkauditd trunkaudit; do
	strip -o "$dir/$program" "$build/$program"
	echo "  $program: $(($(stat -c %s "$dir/$program") / 1024)) KiB"
done

# Each of these carriers answers after 150 ms, so that two round trips are 300 ms.
run() { # run SCENARIO TIMES
	for n in $(seq "$2"); do
		rm -rf "${dir:?}/$1"
		# shellcheck disable=SC2016 # the inner shell expands it
		"$build/lab" "tests/lab/scenarios/$1.scenario" --dir "$dir/$1" -- \
			sh -c '"$1" "$2" "$3" --config "$LAB_CONFIG" run >"$LAB_DIR/output" 2>&1' sh "$dir/usage" "$dir/usage.txt" "$dir/trunkaudit" ||
			echo "  the run ended with $?"
		read -r wall user system peak <"$dir/usage.txt"
		echo "  $n: process $wall s, run $(sqlite3 "$dir/$1/audit.db" "SELECT (finished_usec - started_usec) / 1000 FROM run") ms," \
			"CPU $user s user + $system s system, peak $peak KiB," \
			"$(sqlite3 "$dir/$1/audit.db" 'SELECT passed FROM run') pass"
	done
}
echo "Fifteen trunks (910-latency; the floor of two round trips is 300 ms):"
run 910-latency 5
echo "A thousand trunks (900-bulk):"
run 900-bulk 3

# The service between two runs, with and without a watchdog.
switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$(cat "$dir/$1.pid")/status"; }
memory() { awk '/^(VmRSS|RssAnon|VmHWM):/ { printf "%s %s KiB ", $1, $2 }' "/proc/$(cat "$dir/$1.pid")/status"; }
cp tests/lab/scenarios/910-latency.scenario "$dir/world.scenario"
lab world
for name in plain watched; do
	config "$name" "$dir/world/trunkauditd.yaml" -e 's/interval: 1h/interval: 24h/'
done
start plain "$dir/trunkauditd" --config "$dir/plain.yaml"
start watched env WATCHDOG_USEC=60000000 "$dir/trunkauditd" --config "$dir/watched.yaml"
for name in plain watched; do
	wait_for "the first run" told "$name" 'STATUS=Idle'
done
sleep 2
plain=$(switches plain) watched=$(switches watched)
sleep "$idle"
echo "The waiting service, after a run over fifteen trunks, for $idle s:"
echo "  without a watchdog: $(memory plain), $(($(switches plain) - plain)) wake-ups"
echo "  WatchdogSec=60s:    $(memory watched), $(($(switches watched) - watched)) wake-ups"
for name in plain watched; do
	stop "$name"
done
lab_end
