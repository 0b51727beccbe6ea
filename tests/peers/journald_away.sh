#!/bin/sh
# journald_away.sh [BUILD]: the service while a real systemd-journald is stopped, killed, and there again: runs go on and end, what was lost
# is counted and told once. journald is a private one, as in journald.sh.
# shellcheck disable=SC2317 # a trap or wait_for calls what seems unreachable
set -eu
cd "$(dirname "$0")/../.."
# A network of its own, so that the queue of journald's socket is as short as the kernel makes it, not as this host's systemd does.
[ "${1:-}" = --inside ] || set -- "${1:-build}" --net
. tests/peers/journal_lib.sh

clean_up() {
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || : # journald may be stopped
	wait
	rm -rf "$dir"
}

queue=$(cat /proc/sys/net/unix/max_dgram_qlen)
[ "$queue" -le 64 ] || { echo "a queue of $queue messages is too long to be filled here" >&2; exit 1; }
ip link set lo up

# -- the service: one trunk at an address where nobody answers, and a day's interval ---------------------------------------------

db=$dir/audit.db
printf 'open-sesame\n' >"$dir/password"
chmod 600 "$dir/password"
free_port
cat >"$dir/trunkauditd.yaml" <<-END
	store: {path: "$db"}
	schedule: {interval: 1d}
	metrics: {file: "$dir/trunkaudit.prom"}
	probe: {timeout: 1s, spacing: 0s}
	trunks:
	  - {name: one, extra: true, transport: tcp, domain: carrier.test, username: alice, password: {file: "$dir/password"}, proxies: ["127.0.0.1:$port"]}
END

stored() {
	sqlite3 -cmd '.timeout 5000' "$db" "SELECT count(*) FROM run WHERE state = 'done'" 2>/dev/null || echo 0
}
more_stored() { [ "$(stored)" -gt "$runs" ]; }
# runs_now N: one after the other; the database says when each has ended.
runs_now() {
	i=0
	while [ "$i" -lt "$1" ]; do
		runs=$(stored)
		kill -USR1 "$daemon"
		wait_for 'end of a run' more_stored
		i=$((i + 1))
	done
}
# entries: how many of the service the journal has.
entries() {
	journalctl --quiet -o cat --output-fields=MESSAGE_ID _COMM=trunkauditd _TRANSPORT=journal | wc -l
}
lost() { # the sum of all that were told to be lost
	journalctl --quiet -o cat MESSAGE_ID="$(id_of MESSAGES_LOST)" | awk '{ n += $1 } END { print n + 0 }'
}
reports() { count MESSAGES_LOST; }
status() { grep 'STATUS=Idle' "$dir/notify" | tail -n 1; }
status_is() { # status_is PATTERN: what systemctl status shows
	# shellcheck disable=SC2254 # a pattern
	case $(status) in $1) ;; *) false ;; esac
}
counted() { sed -n 's/^trunkaudit_journal_messages_lost_total //p' "$dir/trunkaudit.prom"; }
complete() { [ "$(count RUN_DONE)" -ge "$(stored)" ]; }
# told_again N: journald takes messages; a run at a time is asked for until the N-th report of losses is there.
told_again() {
	wanted=$1 asked=0
	while [ "$(reports)" -lt "$wanted" ] && [ "$asked" -lt 5 ]; do
		runs_now 1
		asked=$((asked + 1))
		sleep 0.5
	done
}
ticks() {
	awk '{ print $14 + $15 }' "/proc/$daemon/stat"
}

start_journald
journald=${pids##* }
compile notify_listen tests/service/notify_listen.c
: >"$dir/notify"
background "$bin/notify_listen" "$dir/notify.sock" "$dir/notify"
wait_for 'the listener' test -S "$dir/notify.sock"
export NOTIFY_SOCKET="$dir/notify.sock"
start_service "$dir/trunkauditd.yaml"
unset NOTIFY_SOCKET
runs=0
wait_for 'first run' more_stored
runs_now 1
wait_for 'journal of two runs' complete
one=$(entries)
runs_now 1
wait_for 'journal of three runs' complete
each=$(($(entries) - one)) # messages of a run in which nothing changes

set +e # from here a failure is a result
is 'a run has messages' "$each" '[1-9]'
is 'the status is silent about journald' "$(status)" '*last: run *untested'
is '  the metrics know of no loss' "$(counted)" 0
before=$(entries) done_before=$(stored) spent=$(ticks)

# -- stopped ----------------------------------------------------------------------------------------------------------------------

kill -STOP "$journald"
n=$((queue * 2))
runs_now "$n"
is 'journald does not read: all runs end' "$(($(stored) - done_before))" "$n"
wait_for '  status that says so' status_is '*; journald does not take messages, [1-9]* were lost'
is '  status and metrics say so' "$([ "$(counted)" -gt 0 ] && echo yes)" yes
is '  nothing spins' "$([ $(($(ticks) - spent)) -lt 500 ] && echo yes)" yes
kill -CONT "$journald"
told_again 1
is 'journald is back: losses are told once' "$(reports)" 1
is '  as a warning' "$(journalctl --quiet -o cat PRIORITY=4 MESSAGE_ID="$(id_of MESSAGES_LOST)")" '[1-9]* messages were lost: journald did not take them'
is '  something was lost' "$([ "$(lost)" -gt 0 ] && echo yes)" yes
runs_now 1
due() { echo $((each * ($(stored) - done_before))); } # messages of the runs since
accounted() { echo $(($(entries) - before - $(reports) + $(lost))); }
all_accounted() { [ "$(accounted)" -ge "$(due)" ]; }
wait_for 'all messages' all_accounted
is '  each message is there or counted' "$(accounted)" "$(due)"

# -- killed, and there again ---------------------------------------------------------------------------------------------------------

told=$(lost)
kill -KILL "$journald"
wait "$journald"
runs_now 3
background /lib/systemd/systemd-journald
journald=$!
ready() { systemd-cat true; }
wait_for 'journald again' ready
told_again 2
is 'another journald: events arrive without a restart of the service' "$(reports)" 2
is '  what nobody took is counted' "$(($(lost) - told))" $((3 * each))
is '  the status says nothing any more' "$(status_is '*journald*' && status)" ''
is '  the metrics counted the same' "$(counted)" "$(lost)"
is '  by the same process' "$(kill -0 "$daemon" && count STARTED)" 1

# -- the end, while journald is stopped ----------------------------------------------------------------------------------------------

kill -STOP "$journald"
runs_now "$n"
kill -TERM "$daemon"
gone() { ! kill -0 "$daemon" 2>/dev/null || [ "$(cut -d' ' -f3 "/proc/$daemon/stat")" = Z ]; }
wait_for 'end of the service' gone
wait "$daemon"
is 'the service stops as told while journald does not read' "$?" 0
kill -CONT "$journald"
finish
