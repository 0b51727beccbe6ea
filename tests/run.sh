#!/bin/sh
# run.sh: everything `make check` runs, from the root of the tree. One line for each stage: result, seconds, name. A stage that fails shows
# its last lines and the others run all the same. The logs of all are in $BUILD/log/. Env: BUILD (default build).
set -u
build=${BUILD:-build}
log=$build/log
limit=900 # seconds after which one command is taken to hang; nothing here passes or fails by its speed
passed=0
failed=0
number=0

# What the caller's make was told is not for the makes below: each stage names its own compiler and options.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CC SAN WERROR CFLAGS CPPFLAGS LDFLAGS BUILD
export LC_ALL=C.UTF-8
export CK_TIMEOUT_MULTIPLIER=10
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
case $build in
/*) peers=$build/peers ;;
*) peers=$PWD/$build/peers ;;
esac
export PATH="$peers/usr/sbin:$peers/usr/bin:$PATH:/usr/sbin:/sbin" # what packaging/dependencies.sh only unpacked

# Every process started below carries this mark in its environment, so that one left behind is known as ours.
TRUNKAUDIT_TEST=$$.$(date +%s)
export TRUNKAUDIT_TEST

marked() {
	# shellcheck disable=SC2016 # the inner shell expands it
	env -u TRUNKAUDIT_TEST sh -c 'grep -lsF "TRUNKAUDIT_TEST=$1" /proc/[0-9]*/environ | tr -dc "0-9\n"' sh "$TRUNKAUDIT_TEST"
}

stop_marked() {
	for pid in $(marked); do
		kill -KILL "$pid" 2>/dev/null
	done
}
trap stop_marked EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Processes that end by themselves just after their stage are given a moment.
leftovers() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=$(marked)
		[ -n "$left" ] || return 0
		sleep 0.2
	done
	for pid in $left; do
		echo "left running: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done
	return 1
}

stage() { # stage NAME COMMAND...
	name=$1
	shift
	number=$((number + 1))
	file=$log/$(printf '%02d' "$number")-$(echo "$name" | tr -c 'A-Za-z0-9.\n' -).log
	start=$(date +%s)
	rc=0
	"$@" >"$file" 2>&1 </dev/null || rc=$?
	leftovers >>"$file" || rc=1
	stop_marked
	seconds=$(($(date +%s) - start))
	if [ "$rc" -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok    %4d s  %s\n' "$seconds" "$name"
		sed -n 's/^confusion matrix: /              &/p' "$file"
	else
		failed=$((failed + 1))
		printf 'FAIL  %4d s  %s\n' "$seconds" "$name"
		tail -n 60 "$file" | sed 's/^/    | /'
		echo "    (all of it: $file)"
	fi
}

# -- stages ---------------------------------------------------------------------------------------------------------------

build_with() { # build_with COMPILER DIRECTORY [SANITIZERS]
	make -j2 CC="$1" BUILD="$2" SAN="${3:-}" WERROR=1 all lab units fuzz-replays
}

# Runs a command for each given program; all of them, also after a failure. One that was not built is a failure.
each() { # each COMMAND FILE...
	command=$1 worst=0
	shift
	for each_file; do
		echo "== $each_file"
		$command "$each_file" || worst=1
	done
	return "$worst"
}

# The programs of a build: one for each source, so that neither a stale nor a missing one goes unnoticed.
programs() { # programs DIRECTORY PATTERN SUFFIX
	for source in $2; do
		echo "$1/${source%.c}$3"
	done
}

under_limit() {
	timeout --foreground -k 10 "$limit" "$@"
}

under_valgrind() {
	CK_FORK=no TEST_SHARE=150 under_limit valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,possible "$1"
}

replay() { # replay .../fuzz_NAME.replay
	corpus=tests/fuzz/corpus/$(basename "$1" .replay | sed 's/^fuzz_//')
	[ -n "$(find "$corpus" -type f -print -quit)" ] || {
		echo "$corpus is empty"
		return 1
	}
	under_limit "$1" "$corpus"
}

# shellcheck disable=SC2046 # no file of ours has a space in its name
{
	units() { TEST_SHARE=${2:-1} each under_limit $(programs "$1" 'tests/unit/test_*.c' ''); } # units DIRECTORY [SHARE, see share.h]
	units_valgrind() { each under_valgrind $(programs "$1" 'tests/unit/test_*.c' ''); }
	replays() { each replay $(programs "$1" 'tests/fuzz/fuzz_*.c' .replay); }
}
scenarios() { under_limit sh tests/lab/run.sh "$1"; }
property() { # property NAME DIRECTORY CASES [CFLAGS]
	CFLAGS=${4:-} under_limit sh tests/property/run.sh "$2" "$1" --cases "$3"
}

rm -rf "$log"
mkdir -p "$log"
stage "build with gcc" build_with gcc "$build/gcc"
stage "build with clang" build_with clang "$build/clang"
stage "unit tests" units "$build/gcc"
stage "unit tests under valgrind" units_valgrind "$build/gcc"
stage "build with ASan and UBSan" build_with gcc "$build/san" address,undefined
stage "unit tests with ASan and UBSan" units "$build/san" 10
stage "fuzz corpora with ASan and UBSan" replays "$build/san"
stage "lab scenarios with ASan and UBSan" scenarios "$build/san"
stage "fuzz corpora" replays "$build/gcc"
stage "answers to random challenges" property answer "$build/gcc" 20000
stage "answers to random challenges with ASan and UBSan" property answer "$build/san" 20000 '-O1 -g -fsanitize=address,undefined'
stage "mistakes in answers" property explain "$build/gcc" 12000
stage "mistakes in answers with ASan and UBSan" property explain "$build/san" 1500 '-O1 -g -fsanitize=address,undefined'
scripts() { # scripts DIRECTORY FOLDER...
	build_directory=$1
	shift
	for folder; do
		for script in "tests/$folder"/*.sh; do
			case $script in
			*'*'* | */lib.sh | */figures.sh) continue ;; # no such test; what tests share; what only measures
			esac
			stage "$folder: $(basename "$script" .sh) $suffix" under_limit sh "$script" "$build_directory"
		done
	done
}
suffix=
scripts "$build/gcc" house peers service
suffix='with ASan and UBSan'
scripts "$build/san" peers service
stage "lab scenarios" scenarios "$build/gcc"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
