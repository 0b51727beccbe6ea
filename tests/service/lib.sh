# shellcheck shell=sh
# lib.sh: what the tests of the service share; sourced from the root of the tree. $1 is the build directory.
# Everything lives in $dir, every process is ended by its pid, and both also when the test fails or is interrupted.

build=${1:-build}
for program in trunkauditd trunkaudit lab; do
	[ -x "$build/$program" ] || {
		echo "$0: $build/$program is not built"
		exit 1
	}
done
dir=$(mktemp -d)
pids='' passed=0 failed=0
patience=60 # seconds after which what is waited for is taken never to come; nothing here passes or fails by its speed

clean_up() {
	for file in "$dir"/*.pid; do
		[ -e "$file" ] && pids="$pids $(cat "$file")"
	done
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
	wait
	rm -rf "$dir"
}
# A service that forbids dumps cannot be traced, so its leaks are looked for by root alone.
[ "$(id -u)" -eq 0 ] || export ASAN_OPTIONS=detect_leaks=0
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# result RC TEXT [DETAIL]
result() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok - $2"
	else
		failed=$((failed + 1))
		echo "not ok - $2${3:+: $3}"
	fi
}

# is TEXT GOT PATTERN: whether GOT matches the shell pattern.
is() {
	# shellcheck disable=SC2254 # a pattern
	case $2 in
	$3) result 0 "$1" ;;
	*) result 1 "$1" "got '$2', want '$3'" ;;
	esac
}

# has TEXT FILE REGEX, lacks TEXT FILE REGEX: whether a line of FILE matches.
has() { if grep -qE -e "$3" "$2"; then result 0 "$1"; else result 1 "$1" "no line matches '$3'; last: $(tail -n 1 "$2")"; fi; }
lacks() { if grep -qE -e "$3" "$2"; then result 1 "$1" "$(grep -m 1 -E -e "$3" "$2")"; else result 0 "$1"; fi; }

finish() {
	for file in "$dir"/*.err; do
		if grep -qE 'Sanitizer|runtime error:' "$file" 2>/dev/null; then
			result 1 "no sanitizer has a complaint" "$(grep -m 1 -E 'Sanitizer|runtime error:' "$file")"
		fi
	done
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}

give_up() {
	result 1 "$1"
	# shellcheck disable=SC2012 # no file of ours has an odd name
	ls -t "$dir"/*.err | head -n 2 | while read -r file; do
		tail -n 5 "$file" | sed "s|^|    $(basename "$file"): |"
	done
	finish
}

# wait_for WHAT COMMAND...: until COMMAND succeeds; the test ends when it never does.
wait_for() {
	what=$1
	shift
	until_time=$(($(date +%s) + patience))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until_time" ] || give_up "$what: waited $patience s in vain"
		sleep "${pause:-0.05}"
	done
}

# -- the world --------------------------------------------------------------------------------------------------------------

# For a scenario: the guard bounds and holds nothing. Many runs in a short time are not what it is made for.
unguarded() {
	echo "config guard.hold_after=0"
	for limit in trunk_requests_per_hour trunk_requests_per_day trunk_answers_per_hour trunk_answers_per_day trunk_failures_per_hour \
		trunk_failures_per_day carrier_failures_per_10m carrier_failures_per_hour carrier_failures_per_day; do
		echo "config guard.$limit=0"
	done
}

# lab NAME: starts the lab on the scenario $dir/NAME.scenario; its directory is $dir/NAME, its configuration $dir/NAME/trunkauditd.yaml.
lab() {
	"$build/lab" "$dir/$1.scenario" --dir "$dir/$1" >"$dir/$1.ready" 2>"$dir/$1.lab.err" &
	lab_pid=$!
	pids="$pids $lab_pid"
	wait_for "the lab" grep -q ready "$dir/$1.ready"
}

# lab_end NAME: ends it, so that it writes carriers.tsv.
lab_end() {
	sleep 0.5 # what was sent last has arrived
	kill -TERM "$lab_pid"
	wait "$lab_pid" || :
}

# config NAME FROM [SED-ARGUMENT...]: makes $dir/NAME.yaml, with the database $dir/NAME.db.
config() {
	service=$1 from=$2
	shift 2
	sed -e "s|^  path: .*audit\.db\"|  path: \"$dir/$service.db\"|" "$@" "$from" >"$dir/$service.yaml"
}

# without TRUNK: a filter for a configuration that leaves that trunk out.
without() {
	awk -v name="  - name: \"$1\"" '/^  - / { out = $0 == name } !out'
}

sql() { # sql NAME QUERY: of the database $dir/NAME.db
	sqlite3 -cmd '.timeout 5000' "$dir/$1.db" "$2"
}

# -- the service ------------------------------------------------------------------------------------------------------------

# start NAME [COMMAND...]: starts COMMAND (default: the service with $dir/NAME.yaml), with $dir/NAME.notify as what it told the manager,
# $dir/NAME.err as its stderr, $dir/NAME.pid, and $dir/NAME.code once it has ended.
start() {
	service=$1
	shift
	[ $# -gt 0 ] || set -- "$build/trunkauditd" --config "$dir/$service.yaml"
	if [ ! -S "$dir/$service.sock" ]; then
		[ -x "$dir/notify_listen" ] || ${CC:-cc} -D_GNU_SOURCE -O1 -o "$dir/notify_listen" tests/service/notify_listen.c || give_up "compile"
		: >"$dir/$service.notify"
		"$dir/notify_listen" "$dir/$service.sock" "$dir/$service.notify" &
		pids="$pids $!"
		wait_for "the listener" test -S "$dir/$service.sock"
	fi
	rm -f "$dir/$service.code" "$dir/$service.pid"
	{
		code=0
		# shellcheck disable=SC2016 # the inner shell expands it
		NOTIFY_SOCKET=$dir/$service.sock sh -c 'echo $$ >"$1.new" && mv "$1.new" "$1" && shift && export WATCHDOG_PID=$$ && exec "$@"' sh \
			"$dir/$service.pid" "$@" >>"$dir/$service.out" 2>>"$dir/$service.err" </dev/null || code=$?
		rm -f "$dir/$service.pid"
		echo "$code" >"$dir/$service.code"
	} &
	wait_for "$service starts" eval "[ -e '$dir/$service.pid' ] || [ -e '$dir/$service.code' ]"
}

tell() { kill -"$2" "$(cat "$dir/$1.pid")"; } # tell NAME SIGNAL

# ended NAME: waits for its end and sets $code.
ended() {
	wait_for "$1 ends" test -s "$dir/$1.code"
	code=$(cat "$dir/$1.code")
}

# stop NAME: it must end with 0.
stop() {
	tell "$1" TERM
	ended "$1"
	[ "$code" = 0 ] || result 1 "$1 stops" "exit $code"
}

# told NAME REGEX [TIMES]: the service has told the manager so.
told() { [ "$(grep -cE -e "$2" "$dir/$1.notify")" -ge "${3:-1}" ]; }

# said NAME REGEX [TIMES]: the service has said so on stderr.
said() { [ "$(grep -cE -e "$2" "$dir/$1.err")" -ge "${3:-1}" ]; }

# -- the clocks -------------------------------------------------------------------------------------------------------------

# turn NAME LINE...: sets the clocks of what "start_clocked NAME" starts, also while it runs; clocks.c says what a LINE is.
turn() {
	service=$1
	shift
	printf '%s\n' "$@" >"$dir/$service.clocks.new"
	mv "$dir/$service.clocks.new" "$dir/$service.clocks"
}

# start_clocked NAME: starts the service as start does, with these clocks; they are the true ones until the first turn.
start_clocked() {
	[ -e "$dir/clocks.so" ] || ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -O1 -o "$dir/clocks.so" tests/service/clocks.c || give_up "compile"
	[ -e "$dir/$1.clocks" ] || turn "$1" 'wall 0'
	start "$1" env LD_PRELOAD="$dir/clocks.so" CLOCKS="$dir/$1.clocks" ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" \
		"$build/trunkauditd" --config "$dir/$1.yaml"
}
