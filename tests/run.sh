#!/bin/sh
# run.sh: everything `make check` runs, from the root of the tree. Most tests wait rather than compute, so stages run side by side in a few
# lanes. One line for each stage, as it ends: result, seconds, name. A stage that fails shows its last lines and the others run all the
# same; one that leaves a process, a file or a mount behind has failed. The logs of all are in $BUILD/log/. Env: BUILD (default build),
# LANES (default one more than processors).
set -u
build=${BUILD:-build}
log=$build/log
lanes=${LANES:-$(($(nproc) + 1))}
limit=900 # seconds after which one command is taken to hang; nothing here passes or fails by its speed
passed=0
failed=0
number=0
busy=0

# What the caller's make was told is not for the makes below: each stage names its own compiler and options.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CC SAN WERROR CFLAGS CPPFLAGS LDFLAGS BUILD
export LC_ALL=C.UTF-8
export CK_TIMEOUT_MULTIPLIER=10
# A small quarantine: each page that a process touches for the first time costs more than what it computes.
export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=16 UBSAN_OPTIONS=print_stacktrace=1

# -- commands of the stages -------------------------------------------------------------------------------------------------

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
	# The same without a process for each test: under ASan a fork is dear.
	in_one_process() { CK_FORK=no units "$@"; }
	# units_valgrind DIRECTORY I N: every N-th of them from the I-th on
	units_valgrind() { each under_valgrind $(programs "$1" 'tests/unit/test_*.c' '' | awk -v i="$2" -v n="$3" 'NR % n == i % n'); }
	replays() { each replay $(programs "$1" 'tests/fuzz/fuzz_*.c' .replay); }
}
scenarios() { under_limit sh tests/lab/run.sh "$1"; }
script() { TEST_SHARE=${3:-1} under_limit sh "$1" "$2"; } # script FILE DIRECTORY [SHARE]
property() { # property NAME DIRECTORY CASES [CFLAGS]
	CFLAGS=${4:-} under_limit sh tests/property/run.sh "$2" "$1" --cases "$3"
}

# A stage is a shell of its own, so that it has its mark from the first moment on.
if [ "${1:-}" = --stage ]; then
	shift
	"$@"
	exit
fi

# -- lanes ------------------------------------------------------------------------------------------------------------------

case $build in
/*) peers=$build/peers ;;
*) peers=$PWD/$build/peers ;;
esac
export PATH="$peers/usr/sbin:$peers/usr/bin:$PATH:/usr/sbin:/sbin" # what packaging/dependencies.sh only unpacked

# Every process of stage N carries TRUNKAUDIT_TEST=$run.N. in its environment, so that one left behind is known as ours, and whose it is.
# Temporary files are made in a directory of the stage.
run=$$.$(date +%s)
tmp=$(mktemp -d) || exit 1
chmod 0711 "$tmp"
mkfifo "$tmp/ended" && exec 3<>"$tmp/ended" || exit 1

marked() { # marked MARK
	grep -lsF "TRUNKAUDIT_TEST=$1" /proc/[0-9]*/environ | tr -dc '0-9\n'
}

gone() { # gone MARK: whether they end by themselves in a moment; $left
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=$(marked "$1")
		[ -n "$left" ] || return 0
		sleep 0.2
	done
	return 1
}

# kill_marked MARK: until there is none; one that is killed may just have started another.
kill_marked() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		pids=$(marked "$1")
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086 # a list
		kill -KILL $pids 2>/dev/null
		sleep 0.1
	done
}

mounts() { # mounts DIRECTORY: of file systems in it
	awk -v in_it="$1/" 'index($5, in_it) == 1 { print $5 }' /proc/self/mountinfo
}

# Nothing is removed through a mount that stays: what it shows may be somebody else's.
remove() { # remove DIRECTORY
	mounts "$1" | sort -r | while read -r mounted; do
		umount -l "$mounted"
	done
	[ -n "$(mounts "$1")" ] || rm -rf --one-file-system "$1"
}

clean_up() {
	trap '' HUP INT TERM
	if [ "$busy" -gt 0 ]; then # tests tidy up when they are told to end
		# shellcheck disable=SC2046 # a list
		kill -TERM $(marked "$run.") 2>/dev/null
		gone "$run."
		kill_marked "$run."
		wait
	fi
	kill_marked "$run."
	remove "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

left_behind() { # left_behind MARK DIRECTORY: prints what is
	gone "$1" || for pid in $left; do
		echo "left running: $pid $(tr "\0" " " 2>/dev/null <"/proc/$pid/cmdline")"
	done
	mounts "$2" | sed 's/^/left mounted: /'
	find "$2" -mindepth 1 -maxdepth 1 | sed 's/^/left behind: /'
}

log_of() { # log_of NUMBER NAME
	echo "$log/$(printf '%02d' "$1")-$(echo "$2" | tr -c 'A-Za-z0-9.\n' -).log"
}

in_lane() { # in_lane NUMBER NAME COMMAND...
	lane_number=$1 lane_name=$2 lane_log=$(log_of "$1" "$2") lane_tmp=$tmp/$1
	shift 2
	mkdir -m 0711 "$lane_tmp"
	start=$(date +%s)
	rc=0
	# A shell lets its background ignore interrupts, and what is ignored stays so in all that is started from it.
	env --default-signal=INT,QUIT BUILD="$build" TRUNKAUDIT_TEST="$run.$lane_number." TMPDIR="$lane_tmp" \
		sh "$0" --stage "$@" >"$lane_log" 2>&1 </dev/null 3>&- || rc=$?
	left_behind "$run.$lane_number." "$lane_tmp" >"$lane_tmp.left"
	[ ! -s "$lane_tmp.left" ] || rc=1
	cat "$lane_tmp.left" >>"$lane_log"
	kill_marked "$run.$lane_number."
	remove "$lane_tmp"
	echo "$lane_number $rc $(($(date +%s) - start)) $lane_name" >&3
}

# Waits for one stage to end and tells of it.
one_ends() {
	read -r ended_number ended_rc ended_seconds ended_name <&3
	busy=$((busy - 1))
	ended_log=$(log_of "$ended_number" "$ended_name")
	if [ "$ended_rc" -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok    %4d s  %s\n' "$ended_seconds" "$ended_name"
		sed -n 's/^confusion matrix: /              &/p' "$ended_log"
	else
		failed=$((failed + 1))
		printf 'FAIL  %4d s  %s\n' "$ended_seconds" "$ended_name"
		tail -n 60 "$ended_log" | sed 's/^/    | /'
		echo "    (all of it: $ended_log)"
	fi
}

all_end() {
	while [ "$busy" -gt 0 ]; do
		one_ends
	done
}

stage() { # stage NAME COMMAND...: starts it as soon as a lane is free
	[ "$busy" -lt "$lanes" ] || one_ends
	number=$((number + 1))
	busy=$((busy + 1))
	in_lane "$number" "$@" &
}

# Without names all of the folder.
scripts() { # scripts DIRECTORY FOLDER SUFFIX SHARE [NAME...]
	directory=$1 folder=$2 suffix=$3 share=$4
	shift 4
	# lib.sh is what tests share, figures.sh only measures. No name has a space.
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(basename -s .sh "tests/$folder"/*.sh | grep -v -e 'lib$' -e '^figures$')
	for name; do
		stage "$folder: $name$suffix" script "tests/$folder/$name.sh" "$directory" "$share"
	done
}

# -- stages -----------------------------------------------------------------------------------------------------------------

rm -rf "$log"
mkdir -p "$log"
sanitized=' with ASan and UBSan'
stage "build with gcc" build_with gcc "$build/gcc"
all_end
stage "build$sanitized" build_with gcc "$build/san" address,undefined
all_end
# The scenarios have the machine to themselves: an answer that is sent again, because this host was busy for half a second, proves nothing.
stage "lab scenarios$sanitized" scenarios "$build/san"
all_end
stage "lab scenarios" scenarios "$build/gcc"
all_end
# What takes longest comes first, so that no lane is left with it at the end.
stage "build with clang" build_with clang "$build/clang"
for piece in 1 2 3; do
	stage "unit tests under valgrind, $piece of 3" units_valgrind "$build/gcc" "$piece" 3
done
scripts "$build/san" service "$sanitized" 4
# The same without sanitizers where they change what is tested: memory, and what runs out or dies. The package that is installed in the
# systems below is built without them, too.
scripts "$build/gcc" service '' 1 adversity growth kill scarcity soak
scripts "$build/gcc" system '' 1
scripts "$build/gcc" house '' 1
stage "unit tests$sanitized" in_one_process "$build/san" 10
stage "unit tests" units "$build/gcc"
scripts "$build/gcc" peers '' 1
scripts "$build/san" peers "$sanitized" 4
stage "mistakes in answers" property explain "$build/gcc" 12000
stage "mistakes in answers$sanitized" property explain "$build/san" 1500 '-O1 -g -fsanitize=address,undefined'
stage "answers to random challenges" property answer "$build/gcc" 20000
stage "answers to random challenges$sanitized" property answer "$build/san" 20000 '-O1 -g -fsanitize=address,undefined'
stage "fuzz corpora" replays "$build/gcc"
stage "fuzz corpora$sanitized" replays "$build/san"
all_end

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
