#!/bin/sh
# run.sh [BUILD] [SCENARIO...]: runs trunkaudit in the lab, scenario by scenario (names as 010-apac, or files; default: all), and compares
# what its database says with what the scenario expects. One line for each, then the differences. Of a scenario that failed, the
# directory stays as BUILD/lab-failed/NAME.
set -u
here=$(dirname "$0")
tab=$(printf '\t')
at_once=2
shown=15  # lines of differences
limit=120 # seconds after which one scenario is taken to hang; nothing here passes or fails by its speed

# -- inside the lab: one run ----------------------------------------------------------------------------------------------------

# Prints what differs from expected.tsv.
differences() { # differences EXIT_CODE
	db=$LAB_DIR/audit.db
	sqlite3 -separator "$tab" "$db" 'SELECT trunk, outcome, cause FROM latest' >"$LAB_DIR/latest.tsv" 2>>"$LAB_DIR/output"
	run=$(sqlite3 -separator "$tab" "$db" 'SELECT platform_cause, clock_cause FROM runs ORDER BY id DESC LIMIT 1' 2>>"$LAB_DIR/output")
	awk -F '\t' -v run="$run" -v code="$1" -v latest="$LAB_DIR/latest.tsv" '
		BEGIN {
			while ((getline line < latest) > 0) {
				split(line, f, "\t")
				got[f[1]] = f[2] " " f[3]
			}
			split(run, r, "\t")
		}
		function compare(what, want, have) {
			if (want != have) print what ": expected " want ", got " (have == "" ? "nothing" : have)
		}
		$1 == "trunk" { compare($2, $3 " " $4, got[$2]) }
		$1 == "platform" { compare("platform", $2, r[1]) }
		$1 == "clock" { compare("clock", $2, r[2]) }
		$1 == "exit" { compare("exit", $2, code) }' "$LAB_DIR/expected.tsv"
	sed 's/^/violation: /' "$LAB_DIR/violations"
	grep -m 1 -E 'Sanitizer|runtime error:' "$LAB_DIR/output"
}

inside() { # inside BUILD
	code=0
	"$1/trunkaudit" --config "$LAB_CONFIG" run >"$LAB_DIR/output" 2>&1 </dev/null || code=$?
	difference=$(differences "$code" | sed "s/^/run $LAB_PHASE: /")
	[ -z "$difference" ] && return 0
	printf '%s\n' "$difference" | sed "$shown q"
	if [ "$code" -ge 2 ]; then
		tail -n 20 "$LAB_DIR/output"
	fi
	return 1
}

# -- outside: one scenario ------------------------------------------------------------------------------------------------------

one() { # one BUILD DIRECTORY FILE
	name=$(basename "$3" .scenario)
	dir=$2/$name
	[ -e "$3" ] || {
		echo "FAIL  $name: there is no $3"
		return
	}
	# timeout in the foreground: the lab ends its own processes when it is told to end.
	text=$(timeout --foreground --kill-after=10 "$limit" "$1/lab" "$3" --dir "$dir" -- sh "$here/run.sh" --inside "$1" 2>&1)
	code=$?
	# The budget holds for the whole run, whatever Call-IDs it used, and for all proxies of a trunk.
	over=$(awk -F '\t' '{ sub(/#.*/, "", $1); sum[$1] += $3 }
		END { for (trunk in sum) if (sum[trunk] > 3) print trunk ": " sum[trunk] " credentialed requests" }' "$dir/carriers.tsv" 2>&1)
	if [ "$code" -eq 0 ] && [ -z "$over" ]; then
		printf 'ok    %s\n' "$name"
		: >"$2/$name.ok"
		return
	fi
	{
		printf 'FAIL  %s\n' "$name"
		[ -n "$text$over" ] || text="the lab ended with $code"
		printf '%s\n' "$text" "$over" | sed -n '/./s/^/      /p'
	} >"$2/$name.text"
	cat "$2/$name.text" # in one piece: two scenarios run at once
	mkdir -p "$1/lab-failed"
	rm -rf "$1/lab-failed/$name"
	cp -R "$dir" "$1/lab-failed/$name"
}

case ${1:-} in
--inside)
	inside "$2"
	exit
	;;
--one)
	one "$2" "$3" "$4"
	exit 0
	;;
esac

build=${1:-build}
[ $# -eq 0 ] || shift
for program in lab trunkaudit; do
	[ -x "$build/$program" ] || {
		echo "run.sh: $build/$program is not built"
		exit 1
	}
done
"$build/lab" --self-test || exit 1
rm -rf "$build/lab-failed"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ $# -gt 0 ] || set -- "$here"/scenarios/*.scenario
for scenario; do
	[ -e "$scenario" ] || scenario=$here/scenarios/$scenario.scenario
	printf '%s\0' "$scenario"
done | xargs -0 -n 1 -P "$at_once" sh "$here/run.sh" --one "$build" "$tmp"
passed=$(find "$tmp" -maxdepth 1 -name '*.ok' | wc -l)
failed=$(($# - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
