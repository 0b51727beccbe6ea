#!/bin/sh
# scarcity.sh [BUILD]: a host that runs short: of file descriptors, of memory; and a process that is killed at any of its writes. Nothing
# ends by a fault of its own, no trunk is blamed for what this host lacks, the database stays whole, and what was told is stored.
# shellcheck disable=SC2317 # a trap or wait_for calls what seems unreachable
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
times=$((60 / ${TEST_SHARE:-1}))
[ "$times" -gt 4 ] || times=4

cat >"$dir/world.scenario" <<WORLD
# Each run asks for a token. What a killed run reserved stays counted; here each run is to be a whole one.
api allowed=30000
ntp
config schedule.interval=24h
config probe.spacing=0s
$(unguarded)
trunk good-%d count=2
trunk tcp transport=tcp
WORLD
lab world
config scarce "$dir/world/trunkauditd.yaml"

# whole TEXT: the database, and each run that was told is there, with as many results as were told. (A run for which the memory did not
# suffice is told and stored with fewer.)
whole() {
	is "$1: the database is whole" "$(sql scarce "SELECT group_concat(integrity_check) FROM pragma_integrity_check;
		SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1;
		SELECT 'part of run ' || id FROM run WHERE state = 'done' AND trunks <> (SELECT count(*) FROM result WHERE run = run.id)")" ok
	sql scarce "SELECT id || ' ' || (SELECT count(*) FROM result WHERE run = run.id) FROM run WHERE state <> 'running'" | sort >"$dir/stored"
	is "$1: each run that was told as done is stored" "$(sort -u "$dir/told" | comm -23 - "$dir/stored")" ''
	is "$1: no trunk fails" "$(sql scarce "SELECT count(*) FROM history WHERE outcome = 'fail'")" 0
}

# -- no file descriptors ------------------------------------------------------------------------------------------------------

: >"$dir/told"
note_told() { sed -n 's/^info: Run \([0-9]*\) done: \([0-9]*\) .*/\1 \2/p; s/^Run \([0-9]*\): \([0-9]*\) .*/\1 \2/p' "$@" >>"$dir/told"; }
runs() { grep -cE '^info: Run [0-9]+ done|A run that is kept|Unable to begin a run' "$dir/scarce.err"; }
more() { [ "$(runs)" -gt "$before" ]; }
cpu() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
start scarce
wait_for "the first run" said scarce 'Run 1 done'
pid=$(cat "$dir/scarce.pid")
limit=$(prlimit --pid "$pid" --nofile --output SOFT,HARD --noheadings | awk '{ print $1 ":" $2 }')
# The first descriptor that is free: what is open above it stays so, and a new one must be below the limit.
open=$(find "/proc/$pid/fd" -type l | sed 's|.*/||' | sort -n | awk '$1 != n { exit } { n++ } END { print n + 0 }')
for spare in 0 1 3; do
	# Only the soft limit, so that it can be raised again.
	prlimit --pid "$pid" --nofile="$((open + spare)):"
	lines=$(wc -l <"$dir/scarce.err") ticks=$(cpu) before=$(runs)
	tell scarce USR1
	wait_for "a run with $spare descriptors to spare ends" more
	sleep 2
	said=$(($(wc -l <"$dir/scarce.err") - lines)) spent=$(($(cpu) - ticks))
	is "$spare descriptors: it does not flood ($said lines)" "$([ "$said" -le 16 ] && echo calm)" calm
	is "$spare descriptors: it does not spin ($spent ticks of CPU time)" "$([ "$spent" -le 100 ] && echo calm)" calm
done
prlimit --pid "$pid" --nofile="$limit"
before=$(runs)
tell scarce USR1
wait_for "a run ends" more
is "with descriptors again all pass" "$(sql scarce "SELECT state, passed FROM run ORDER BY id DESC LIMIT 1")" 'done|3'
is "nothing is kept any longer" "$(sql scarce "SELECT count(*) FROM run WHERE state <> 'done'")" 0
stop scarce
is "without descriptors this host is blamed" "$(sql scarce "SELECT DISTINCT cause, replace(detail, 'socket: ', '') FROM history
	WHERE outcome <> 'pass'")" 'probe_broken|Too many open files'
is "it is said once that the run could not begin, and once that it is stored" "$(grep -cE '^error: Unable to .*Too many open files' \
	"$dir/scarce.err") $(grep -cE 'written again: 1 runs' "$dir/scarce.err")" '1 1'
note_told "$dir/scarce.err"
whole "descriptors"

# -- the command on such a host -------------------------------------------------------------------------------------------------

if grep -q libasan "$build/trunkaudit"; then
	echo "# allocations and writes are not counted here: the sanitizer has its own"
	finish
fi
${CC:-cc} -shared -fPIC -D_GNU_SOURCE -O1 -o "$dir/scarce.so" tests/service/scarce.c || give_up "compile"

run() { # run [VARIABLE=VALUE...]: $code, $dir/run.out, $dir/run.err
	code=0
	timeout "$patience" env LD_PRELOAD="$dir/scarce.so" "$@" "$build/trunkaudit" --config "$dir/scarce.yaml" run \
		>"$dir/run.out" 2>"$dir/run.err" </dev/null || code=$?
	note_told "$dir/run.out" "$dir/run.err"
	cat "$dir/run.out" "$dir/run.err" >>"$dir/all"
}

run SCARCE_COUNTS="$dir/counts"
is "the command passes" "$code" 0
read -r allocations writes <"$dir/counts"
is "there is enough to sweep over ($allocations allocations, $writes writes)" "$([ "$allocations" -gt 300 ] && [ "$writes" -gt 20 ] && echo yes)" yes

# The one allocation fails, or all from there on. An exit code is one of the documented ones, and a failure is said.
wrong='' failed_so=0
for i in $(seq 1 "$times"); do
	n=$((1 + i * allocations / times))
	run SCARCE_ALLOCATIONS="$n $((i % 2))"
	case $code in
	0) ;;
	1 | 3 | 4)
		failed_so=$((failed_so + 1))
		grep -qiE 'memory|untested|Platform: ' "$dir/run.out" "$dir/run.err" || wrong="$wrong $n:silent"
		;;
	*) wrong="$wrong $n:exit=$code" ;;
	esac
done
is "no memory: it ends with a documented code and says why" "$wrong" ''
is "no memory: most of $times runs did fail so ($failed_so)" "$([ "$failed_so" -gt $((times / 2)) ] && echo yes)" yes
whole "no memory"

# -- killed at a write ------------------------------------------------------------------------------------------------------------

killed=0
for i in $(seq 1 "$times"); do
	run SCARCE_WRITES="$((1 + (i - 1) * writes / times)) $((i % 3))"
	[ "$code" -ne 137 ] || killed=$((killed + 1))
	[ "$(sql scarce 'PRAGMA integrity_check')" = ok ] || break
done
is "killed: most of $times runs were ($killed)" "$([ "$killed" -gt $((times / 2)) ] && echo yes)" yes
whole "killed"
run
is "killed: the next run passes" "$code" 0
whole "after all"
secrets=''
for file in "$dir"/world/secrets/*; do
	! grep -qF -f "$file" "$dir/all" || secrets="$secrets $(basename "$file")"
done
is "no secret is in what was said" "$secrets" ''
finish
