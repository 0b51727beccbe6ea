#!/bin/sh
# growth.sh [BUILD] [RUNS]: many runs (default 60) and reloads in one process leave no descriptor and no memory behind. Each run reads the
# platform: a page, and a detail for each trunk. What is allowed is more than that takes, so that no run waits for the next minute; nor does
# the guard hold a trunk back, so that the last run does as much as the first.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
runs=$(((${2:-60} + 9) / 10 * 10))
[ "$runs" -ge 40 ] || runs=40 # fewer leave nothing to compare with
# Full tens: what is compared stands right after a reload, which closes idle connections
settled=30     # runs after which nothing may grow any more: by then all that lives longer than a run has been made
heap_room=8192 # bytes (the table of SQLite's cache doubles now and then, up to its limit), and
rss_room=512   # KiB, that may be between then and the last run, however many there were

cat >"$dir/world.scenario" <<END
api listing=sparse allowed=100000
ntp
config schedule.interval=24h
config probe.spacing=0s
config probe.timeout=100ms
$(unguarded)
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
rss() { awk '/^RssAnon:/ { print $2 }' "/proc/$(cat "$dir/many.pid")/status"; } # KiB

# Bytes that the service has from malloc and has not given back, by glibc's own account. Only root can ask for it, since the service forbids
# dumps; a sanitizer has its own malloc, which keeps for a while what was freed, and looks for leaks itself.
counted=no
[ "$(id -u)" -ne 0 ] || grep -q libasan "$build/trunkauditd" || counted=yes
heap() {
	wait_for "rest after a run" grep -q '^State:.S' "/proc/$(cat "$dir/many.pid")/status"
	# shellcheck disable=SC2016 # gdb's own variable
	gdb -q -batch -p "$(cat "$dir/many.pid")" -ex "set \$file = (void *)fopen(\"$dir/heap\", \"w\")" -ex 'call (int)malloc_info(0, $file)' \
		-ex 'call (int)fclose($file)' >"$dir/gdb" 2>&1 </dev/null || give_up "gdb asks malloc"
	awk -F '"' '/<\/heap>/ { all = 1 } !all { next } /<total/ { free += $6 } /"current"/ { all_of_it = $4 } END { print all_of_it - free }' "$dir/heap"
}

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
		echo "# after $n runs: $(descriptors) descriptors, $(rss) KiB"
	fi
	if [ "$n" -eq "$settled" ]; then
		rss_then=$(rss)
		[ "$counted" = no ] || heap_then=$(heap)
	fi
done
is "descriptors after $runs runs are as many as after 10" "$(descriptors)" "$first"
if [ "$counted" = yes ]; then
	rss_more=$(($(rss) - rss_then))
	heap_now=$(heap)
	echo "# in use: $heap_then bytes after $settled runs, $heap_now after $runs"
	is "no memory is kept: at most $heap_room bytes more than after $settled runs" $((heap_now - heap_then <= heap_room)) 1
	is "  nor does the process grow: by $rss_room KiB at most" $((rss_more <= rss_room)) 1
fi
stop many
is "every run was done" "$(sql many "SELECT count(*) FROM run WHERE state = 'done'")" "$runs"
is "the last one tested as the first did" "$(sql many 'SELECT passed > 0, failed > 0 FROM run ORDER BY id DESC LIMIT 1')" '1|1'
lab_end
is "the carriers and the platform have no complaint" "$(cat "$dir/world/violations")" ''
finish
