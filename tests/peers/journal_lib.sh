# shellcheck shell=sh disable=SC2317 # a trap calls what seems unreachable
# journal_lib.sh: a private systemd-journald, with mounts and processes of its own: nothing of this host's journal is touched. Sourced, from
# the root of the tree, first of all; what follows in the script is inside. Sets build, and has all of lib.sh.

if [ "${1:-}" != --inside ]; then
	[ $# -gt 0 ] || set -- build
	. tests/peers/lib.sh
	# The first process of the new namespace takes all others with it.
	clean_up() {
		# shellcheck disable=SC2086 # a list
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
		wait
		rm -rf "$dir"
	}
	[ "$(id -u)" -eq 0 ] || set -- "$1" --map-root-user
	# shellcheck disable=SC2086 # an option, or none
	TMPDIR=$dir unshare ${2:-} --mount --pid --fork --kill-child --mount-proc --propagation private -- \
		setpriv --bounding-set=-sys_time,-sys_boot,-sys_module --inh-caps=-sys_time -- sh "$0" --inside "$1" &
	pids=$!
	code=0
	wait "$pids" || code=$?
	pids=''
	exit "$code"
fi
shift
. tests/peers/lib.sh
build=$(cd "$1" && pwd)

start_journald() {
	[ -s /etc/machine-id ] || { echo "/etc/machine-id is missing: journald needs one" >&2; exit 1; }
	echo 0123456789abcdef0123456789abcdef >"$dir/machine-id"
	mount --bind "$dir/machine-id" /etc/machine-id
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/log/journal /run/systemd/journal /run/systemd/journald.conf.d
	printf '%s\n' '[Journal]' Storage=volatile ReadKMsg=no Audit= RateLimitIntervalSec=0 ForwardToWall=no ForwardToConsole=no \
		ForwardToKMsg=no ForwardToSyslog=no >/run/systemd/journald.conf.d/test.conf
	background /lib/systemd/systemd-journald
	wait_for 'journald' test -S /run/systemd/journal/socket
}

show_more() { journalctl --quiet -n 20; }

id_of() {
	sed -n "s/.*EVENT($1, \"\([0-9a-f]*\)\").*/\1/p" daemon/event_ids.h
}

# count EVENT: how many of them the journal has.
count() {
	journalctl --quiet -o cat --output-fields=MESSAGE_ID MESSAGE_ID="$(id_of "$1")" | wc -l
}

# start_service CONFIG: as the service manager does it: stderr is a stream to journald, and JOURNAL_STREAM says so. Sets daemon.
start_service() {
	# shellcheck disable=SC2016 # the inner shell expands it
	background systemd-cat sh -c 'export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) && exec "$@"' sh \
		"$build/trunkauditd" --config "$1"
	# shellcheck disable=SC2034 # for the script
	daemon=$!
}
