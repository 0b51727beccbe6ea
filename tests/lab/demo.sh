#!/bin/sh
# demo.sh BUILD: what `make run` shows: one audit over the lab's fifteen trunks, ten of which do not pass, each for a reason of its own.
# The database stays in BUILD/demo.
set -u
here=$(dirname "$0")

# Prints each trunk whose verdict is not the one that the scenario expects.
surprises() { # surprises DIRECTORY
	sqlite3 -separator "$(printf '\t')" "$1/audit.db" "SELECT 'trunk', trunk, outcome, cause FROM latest" >"$1/latest.tsv"
	grep '^trunk' "$1/expected.tsv" | sort >"$1/wanted.tsv"
	sort "$1/latest.tsv" | diff "$1/wanted.tsv" -
}

if [ "${1:-}" = --inside ]; then
	build=$2
	code=0
	"$build/trunkaudit" --config "$LAB_CONFIG" run || code=$?
	if [ "$code" -ne 1 ]; then
		echo "demo: the audit ended with $code, where 1 (some trunks failed) was planned"
		exit 1
	fi
	if ! surprises "$LAB_DIR"; then
		echo "demo: the verdicts above (>) are not the planned ones (<)"
		exit 1
	fi
	if [ -s "$LAB_DIR/violations" ]; then
		echo "demo: the carriers or the platform complain:"
		cat "$LAB_DIR/violations"
		exit 1
	fi
	exit 0
fi

build=${1:-build}
dir=$build/demo
rm -rf "$dir"
mkdir -p "$dir"
"$build/lab" "$here/scenarios/010-apac.scenario" --dir "$dir" -- sh "$here/demo.sh" --inside "$build" || exit 1
rm -f "$dir/latest.tsv" "$dir/wanted.tsv"

cat <<END

All fifteen verdicts are the planned ones; the carriers and the platform were simulated on this host. The database is $dir/audit.db:

    sqlite3 -box $dir/audit.db 'select trunk, cause, detail from failures'
    sqlite3 -box $dir/audit.db 'select trunk, outcome, cause, latency_ms from latest'
    sqlite3 $dir/audit.db "select response from evidence join trunk on key = trunk where name = 'AKL-Secondary'"
END
