#!/bin/sh
# soak.sh [BUILD] [RUNS] [RATE]: a service with hourly slots under a clock that runs RATE times as fast (default 14400: four slots a second)
# until it has done so many runs (default 300): each slot has one row, and neither memory nor descriptors grow. It prints what it measured.
# The carriers answer by UDP alone: certificates and tokens would not live for months.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
# What a sanitizer keeps of freed memory is no measure.
plain=yes
! grep -q libasan "$build/trunkauditd" || plain=''
runs=${2:-${plain:+300}} rate=${3:-14400}
runs=${runs:-60}
hour=3600000000
growth_max=3072 # KiB, from a fifth of the runs to all of them: SQLite's caches fill in the first thousand

cat >"$dir/world.scenario" <<END
config schedule.splay=0s
config schedule.run_limit=50m
config probe.spacing=0s
config probe.timeout=100ms
trunk good-%d extra=yes count=10
trunk int extra=yes qop=auth-int cfg_qop=auth-int
trunk wrong extra=yes secret=wrong
trunk port extra=yes uri=port
trunk proxy extra=yes challenge=407 algorithm=SHA-256
trunk refused extra=yes refuse=403
trunk closed extra=yes answer=closed
END
lab world
config soak "$dir/world/trunkauditd.yaml"
# From the beginning of an hour, so that the first slot is a whole one.
turn soak "rate $rate" "base $(($(date +%s) / 3600 * 3600))"
start_clocked soak

pid() { cat "$dir/soak.pid"; }
descriptors() { find "/proc/$(pid)/fd" -type l 2>/dev/null | wc -l; }
memory() { awk '/^RssAnon:/ { print $2 }' "/proc/$(pid)/status"; }
finished() { grep -cE 'Run [0-9]+ (done|ended early)' "$dir/soak.err"; }
# look: the least of some moments, for a run has sockets.
look() {
	fds=$(descriptors) kib=$(memory)
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		sleep 0.07
		now_fds=$(descriptors) now_kib=$(memory)
		[ "$now_fds" -ge "$fds" ] || fds=$now_fds
		[ "$now_kib" -ge "$kib" ] || kib=$now_kib
	done
	echo "# after $(finished) runs: $fds descriptors, $kib KiB"
}
# shellcheck disable=SC2317 # wait_for calls it
more() { [ "$(finished)" -gt "$before" ]; }
until_runs() { # until_runs N: as long as runs end at all
	while before=$(finished) && [ "$before" -lt "$1" ]; do
		wait_for "another run" more
		sleep 0.5
	done
}
until_runs $((runs / 5))
look
early_kib=$kib early_fds=$fds
for part in 2 3 4; do
	until_runs $((runs * part / 5))
	look
done
until_runs "$runs"
look
# A run has sockets, and on a busy machine one is always under way; but a descriptor left by each would be many more.
is "descriptors do not grow from a fifth of the runs to all of them" "$early_fds, then $fds: $((fds - early_fds < 20))" '*: 1'
[ -z "$plain" ] || is "memory has not grown by more than $growth_max KiB since then" "$early_kib KiB, $kib KiB: $((kib - early_kib <= growth_max))" '*: 1'
stop soak
lab_end
# Of a process that was kept from the processor for the part of a second that a slot is here, this clock says that the host slept.
is "where a slot was missed, the machine was too slow for it" \
	"$(sql soak "SELECT DISTINCT reason FROM run WHERE state = 'missed' AND reason NOT IN ('overran', 'stalled', 'suspended')")" ''
is "no slot is without a row" "$(sql soak "SELECT (max(slot_usec) - min(slot_usec)) / $hour + 1 - count(DISTINCT slot_usec) FROM run")" 0
is "none has two" "$(sql soak "SELECT slot_usec, count(*) FROM run WHERE slot_usec IS NOT NULL GROUP BY 1 HAVING count(*) > 1")" ''
is "every run of a slot has a result for each trunk" "$(sql soak "SELECT count(*) FROM run WHERE state = 'done' AND (SELECT count(*) FROM result
	WHERE run = run.id) <> run.trunks")" 0
is "what failed all the time is told once" "$(grep -c 'wrong: fail, wrong_password' "$dir/soak.err")" '[1-9]*'
echo "# $(sql soak "SELECT count(*) || ' slots in ' || ((max(slot_usec) - min(slot_usec)) / $hour / 24) || ' days: ' FROM run") $(
	sql soak "SELECT group_concat(n || ' ' || state, ', ') FROM (SELECT state, count(*) AS n FROM run GROUP BY 1)"), $(
	wc -c <"$dir/soak.db") bytes"
is "the database is whole" "$(sql soak 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
is "the carriers have no complaint" "$(cat "$dir/world/violations" 2>/dev/null)" ''
finish
