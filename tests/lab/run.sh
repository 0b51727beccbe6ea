#!/bin/sh
# run.sh [BUILD] [SCENARIO...]: runs trunkaudit in the lab, scenario by scenario (names as 010-apac, or files; default: all), and compares
# what its database says with what the scenario expects. One line for each, then the differences. Of a scenario that failed, the
# directory stays as BUILD/lab-failed/NAME. At the end the confusion matrix of causes, expected against found: one line for each cause. After
# all scenarios none may be off the diagonal, and each cause of a trunk, of the platform and of the clock must have been produced.
set -u
here=$(dirname "$0")
tab=$(printf '\t')
at_once=3
shown=15  # lines of differences
exceptions='uncounted' # causes that no scenario can produce: tests/service/adversity.sh does
limit=300 # seconds after which one scenario is taken to hang; nothing here passes or fails by its speed

# -- inside the lab: one run ----------------------------------------------------------------------------------------------------

# Prints what differs from expected.tsv, and adds to verdicts.tsv: expected cause, found cause, where.
differences() { # differences EXIT_CODE
	db=$LAB_DIR/audit.db
	sqlite3 -separator "$tab" "$db" 'SELECT trunk, outcome, cause FROM latest' >"$LAB_DIR/latest.tsv" 2>>"$LAB_DIR/output"
	run=$(sqlite3 -separator "$tab" "$db" 'SELECT platform_cause, clock_cause, platform_detail FROM runs ORDER BY id DESC LIMIT 1' 2>>"$LAB_DIR/output")
	sqlite3 -separator "$tab" "$db" "SELECT trunk, group_concat(field) FROM (SELECT trunk, field FROM drift WHERE ended IS NULL
		ORDER BY trunk, field) GROUP BY trunk" >"$LAB_DIR/drift.tsv" 2>>"$LAB_DIR/output"
	sqlite3 -separator "$tab" "$db" "SELECT c.trunk, c.change FROM listing_changes AS c JOIN run ON c.listed_usec = run.trunks_known_usec
		WHERE run.id = (SELECT max(id) FROM run) AND c.listed_usec >= run.started_usec" >"$LAB_DIR/changes.tsv" 2>>"$LAB_DIR/output"
	awk -F '\t' -v run="$run" -v code="$1" -v latest="$LAB_DIR/latest.tsv" -v verdicts="$LAB_DIR/verdicts.tsv" -v phase="$LAB_PHASE" \
		-v drift="$LAB_DIR/drift.tsv" -v changes="$LAB_DIR/changes.tsv" '
		BEGIN {
			while ((getline line < latest) > 0) {
				split(line, f, "\t")
				got[f[1]] = f[2] " " f[3]
			}
			while ((getline line < drift) > 0) {
				split(line, f, "\t")
				differs[f[1]] = f[2]
			}
			while ((getline line < changes) > 0) {
				split(line, f, "\t")
				changed[f[1]] = f[2]
			}
			split(run, r, "\t")
		}
		function compare(what, want, have) {
			if (want != have) print what ": expected " want ", got " (have == "" ? "nothing" : have)
		}
		function verdict(what, want, have) {
			sub(/.* /, "", have)
			print want "\t" (have == "" ? "nothing" : have) "\trun " phase " " what >>verdicts
		}
		$1 == "trunk" { compare($2, $3 " " $4, got[$2]); verdict($2, $4, got[$2]) }
		$1 == "drift" { compare("drift of " $2, $3, $2 in differs ? differs[$2] : "none") }
		$1 == "change" { compare("change of " $2, $3, $2 in changed ? changed[$2] : "none") }
		$1 == "platform" { compare("platform", $2, r[1]); verdict("platform", $2, r[1]) }
		$1 == "clock" { compare("clock", $2, r[2]); verdict("clock", $2, r[2]) }
		$1 == "says" && !index(r[3], $2) { print "platform: expected the words " $2 ", got " r[3] }
		$1 == "exit" { compare("exit", $2, code) }' "$LAB_DIR/expected.tsv"
	sed 's/^/violation: /' "$LAB_DIR/violations"
	if [ -e "$LAB_DIR/leaked" ]; then # passwords that the platform told
		[ -s "$LAB_DIR/leaked" ] || echo "no password was told"
		sqlite3 "$db" .dump >"$LAB_DIR/dump"
		grep -laFf "$LAB_DIR/leaked" "$db"* "$LAB_DIR/dump" "$LAB_DIR/output" | sed 's/^/a password that the platform told is in /'
	fi
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
	text=$(timeout --foreground --kill-after=10 "$limit" "$1/lab" "$3" --dir "$dir" --one-run -- sh "$here/run.sh" --inside "$1" 2>&1)
	code=$?
	[ ! -e "$dir/verdicts.tsv" ] || sed "s/\$/ of $name/" "$dir/verdicts.tsv" >"$2/$name.verdicts"
	if [ "$code" -eq 0 ]; then
		printf 'ok    %s\n' "$name"
		: >"$2/$name.ok"
		return
	fi
	{
		printf 'FAIL  %s\n' "$name"
		[ -n "$text" ] || text="the lab ended with $code"
		printf '%s\n' "$text" | sed -n '/./s/^/      /p'
	} >"$2/$name.text"
	cat "$2/$name.text" # in one piece: two scenarios run at once
	mkdir -p "$1/lab-failed"
	rm -rf "$1/lab-failed/$name"
	cp -R "$dir" "$1/lab-failed/$name"
}

# -- after all ------------------------------------------------------------------------------------------------------------------

# matrix DIRECTORY COMPLETE: 1 when a cause lies off the diagonal, or when COMPLETE is yes and one was not produced.
matrix() {
	sed -n 's/^CAUSE([A-Z0-9_]*, "\([a-z0-9_]*\)", \(TRUNK\|PLATFORM\|CLOCK\),.*/\1/p' "$here/../../common/verdict.def" >"$1/causes"
	cat "$1"/*.verdicts 2>/dev/null | awk -F '\t' -v causes="$1/causes" -v complete="$2" -v exceptions=" $exceptions " '
		{
			found[$1]++
			all++
			if ($1 == $2) next
			off++
			cells[$1] = cells[$1] ", found as " $2 " in " $3
		}
		END {
			while ((getline cause < causes) > 0) {
				known++
				excepted = index(exceptions, " " cause " ") > 0
				if (complete == "yes" && !found[cause] != excepted) {
					bad = 1
					cells[cause] = cells[cause] (excepted ? ": no exception any more" : ": no scenario produces it")
				}
				if (found[cause] || cells[cause]) printf "      %-26s %4d%s\n", cause, found[cause], cells[cause]
				produced += found[cause] > 0
				delete found[cause]
			}
			for (cause in found) {
				bad = 1
				printf "      %s is no cause%s\n", cause, cells[cause]
			}
			printf "confusion matrix: %d verdicts over %d of %d causes, %d off the diagonal\n", all, produced, known, off
			exit bad || off > 0 || known == 0
		}'
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
complete=no
[ $# -gt 0 ] || {
	complete=yes
	set -- "$here"/scenarios/*.scenario
}
for scenario; do
	[ -e "$scenario" ] || scenario=$here/scenarios/$scenario.scenario
	printf '%s\0' "$scenario"
done | xargs -0 -n 1 -P "$at_once" sh "$here/run.sh" --one "$build" "$tmp"
passed=$(find "$tmp" -maxdepth 1 -name '*.ok' | wc -l)
failed=$(($# - passed))
matrix "$tmp" "$complete" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
