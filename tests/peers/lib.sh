# shellcheck shell=sh
# lib.sh: what the tests with real peers share; sourced from the root of the tree. $1 is the build directory.
# Everything lives in $dir, daemons are ended by their pid, and both also when the test fails or is interrupted.

PATH=$PATH:/usr/sbin:/sbin
bin=${1:?usage: $0 BUILD}/tests/peers
mkdir -p "$bin"
dir=$(mktemp -d)
pids='' passed=0 failed=0

clean_up() {
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null || :
	wait
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# compile PROGRAM SOURCE...
compile() {
	program=$1
	shift
	# shellcheck disable=SC2046,SC2086 # flags are lists
	${CC:-cc} -std=c17 -D_GNU_SOURCE -I. ${CFLAGS:--O1 -g} -o "$bin/$program" "$@" $(pkg-config --cflags --libs libsystemd libcares)
}

# free_port: a UDP and TCP port that nobody has; each call another one.
port=$((20000 + $$ % 10000))
free_port() {
	while :; do
		port=$((port + 1))
		hex=$(printf ':%04X ' "$port")
		cat /proc/net/udp /proc/net/udp6 /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$hex" || break
	done
}

# wait_for WHAT COMMAND...: until it is true, for a minute. Then the test ends, with the log and what show_more prints, if a test has that.
show_more() { :; }
wait_for() {
	what=$1
	shift
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -le 600 ] || { echo "no $what"; cat "$dir/log"; show_more; exit 1; } >&2
		sleep 0.1
	done
}

# background COMMAND...: its output goes to $dir/log; the pid is kept.
background() {
	"$@" >>"$dir/log" 2>&1 &
	pids="$pids $!"
}

# liar WORDS...: starts udp_liar and sets liar_port.
liar() {
	: >"$dir/liar"
	"$bin/udp_liar" "$@" >"$dir/liar" 2>>"$dir/log" &
	pids="$pids $!"
	tries=0
	until liar_port=$(cat "$dir/liar") && [ -n "$liar_port" ]; do
		tries=$((tries + 1))
		[ "$tries" -le 100 ] || { echo "udp_liar did not start" >&2; exit 1; }
		sleep 0.05
	done
}

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

finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}
