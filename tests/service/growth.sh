#!/bin/sh
# growth.sh [BUILD] [RUNS]: many runs (default 50) and reloads in one process leave no descriptor behind; its memory is printed. Each run
# reads the platform: a page, and a detail for each trunk. What is allowed is more than that takes, so that no run waits for the next minute.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
runs=${2:-50}

cat >"$dir/world.scenario" <<END
api listing=sparse allowed=100000
ntp
config schedule.interval=24h
config probe.spacing=0s
config probe.timeout=100ms
trunk t-%d count=10
trunk wrong secret=wrong
trunk int qop=auth-int cfg_qop=auth
trunk proxy challenge=407 algorithm=SHA-256
trunk silent answer=silent
trunk closed answer=closed
END
lab world
config many "$dir/world/trunkauditd.yaml"

descriptors() { find "/proc/$(cat "$dir/many.pid")/fd" -type l 2>/dev/null | wc -l; }
memory() { awk '/^RssAnon:/ { print $2 }' "/proc/$(cat "$dir/many.pid")/status"; }

start many
wait_for "the first run" told many 'STATUS=Idle'
n=1
while [ "$n" -lt "$runs" ]; do
	n=$((n + 1))
	idle=$(grep -c 'STATUS=Idle' "$dir/many.notify")
	tell many USR1
	wait_for "run $n" told many 'STATUS=Idle' $((idle + 1))
	if [ $((n % 5)) -eq 0 ]; then
		readies=$(grep -c READY=1 "$dir/many.notify")
		tell many HUP
		wait_for "reload" told many READY=1 $((readies + 1))
	fi
	if [ $((n % 10)) -eq 0 ]; then
		[ "$n" -gt 10 ] || first=$(descriptors)
		echo "# after $n runs: $(descriptors) descriptors, $(memory) KiB"
	fi
done
is "descriptors after $runs runs are as many as after 10" "$(descriptors)" "$first"
stop many
is "every run was done" "$(sql many "SELECT count(*) FROM run WHERE state = 'done'")" "$runs"
lab_end
is "the carriers and the platform have no complaint" "$(cat "$dir/world/violations")" ''
finish
