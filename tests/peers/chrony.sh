#!/bin/sh
# chrony.sh BUILD: the clock check against real chronyd daemons on loopback, and against one that lies.
# The machine's clock is never touched: chronyd -x, and without CAP_SYS_TIME.
set -eu
cd "$(dirname "$0")/../.."
. tests/peers/lib.sh

if [ "$(id -u)" -eq 0 ]; then
	unable='setpriv --bounding-set=-sys_time --inh-caps=-sys_time --'
else
	unable=''
fi

chronyc=$(command -v chronyc)

# chrony NAME PORT LINE...: a chronyd on both loopback addresses.
chrony() {
	conf=$dir/$1.conf
	printf '%s\n' 'bindaddress 127.0.0.1' 'bindaddress ::1' 'allow 127.0.0.0/8' 'allow ::1' 'cmdport 0' \
		"bindcmdaddress $dir/$1.sock" "pidfile $dir/$1.pid" "port $2" >"$conf"
	shift 2
	printf '%s\n' "$@" >>"$conf"
	# shellcheck disable=SC2086 # a command and its options
	background $unable chronyd -x -d -U -u "$(id -un)" -f "$conf"
}

# chrony_wait NAME OFFSET: until it follows its source to within 0.1 ms of OFFSET, and says that it knows it to 1 ms (skew, dispersion). A
# busy host's packets are late, and it takes more of them.
chrony_wait() {
	tries=0
	until "$chronyc" -h "$dir/$1.sock" -c tracking 2>/dev/null |
		awk -F, -v want="$2" '{ d = $5 - want; ok = $3 > 0 && $3 < 16 && d < 1e-4 && d > -1e-4 && $10 < 100 && $12 < 1e-3 } END { exit !ok }'; do
		tries=$((tries + 1))
		[ "$tries" -le 1200 ] || { echo "chronyd $1 did not get ready:" >&2; cat "$dir/log" >&2; exit 1; }
		sleep 0.1
	done
}

# chrony_answers NAME: until its command socket does.
chrony_answers() {
	tries=0
	until "$chronyc" -h "$dir/$1.sock" -c tracking >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -le 100 ] || { echo "chronyd $1 did not start:" >&2; cat "$dir/log" >&2; exit 1; }
		sleep 0.1
	done
}

# check LIMIT_USEC SERVER...: sets line, and word, offset, bound, used of it.
check() {
	limit=$1
	shift
	line=$("$bin/clock_probe" "$limit" 400000 "$@") || line='broken - - 0/0'
	read -r word offset bound used _ <<-END
		$line
	END
}

# near_offset TEXT SERVER: the best of five measurements is within 1 ms of 2.5 s, and every one holds 2.5 s in its bound (and chrony's own 0.1 ms).
near_offset() {
	best='' held=0
	for _ in 1 2 3 4 5; do
		check 1000000 "$2"
		[ "$word" = clock_off ] || { result 1 "$1" "$line"; return; }
		away=$((offset - 2500000))
		[ "$away" -ge 0 ] || away=$((-away))
		[ "$away" -gt $((bound + 100)) ] || held=$((held + 1))
		[ -n "$best" ] && [ "$best" -le "$away" ] || best=$away
	done
	[ "$best" -lt 1000 ] && [ "$held" -eq 5 ]
	result $? "$1 (best $best us away)" "held $held of 5, $line"
}

compile clock_probe tests/peers/clock_probe.c daemon/clock_check.c daemon/resolver.c common/host_port.c common/ntp_message.c common/verdict.c common/utf8.c
compile udp_liar tests/peers/udp_liar.c

free_port; true1=$port
free_port; true2=$port
free_port; off=$port
free_port; unsynchronised=$port
free_port; closed=$port
chrony true1 "$true1" 'local stratum 1'
chrony true2 "$true2" 'local stratum 1'
chrony off "$off" "server 127.0.0.1 port $true1 offset 2.5 minpoll -4 maxpoll -4 iburst"
chrony unsynchronised "$unsynchronised"
chrony_answers true1
chrony_answers true2
chrony_answers unsynchronised
chrony_wait off 2.5

set +e # from here a failure is a result
near_offset 'chronyd 2.5 s ahead, IPv4' "127.0.0.1:$off"
near_offset 'chronyd 2.5 s ahead, IPv6' "[::1]:$off"
is 'the detail says offset, bound, limit and servers' "$line" '* offset +2.[45]????? s ± 0.?????? s, limit 1 s; 1 of 1 server'

check 1000000 "127.0.0.1:$true1"
is 'a true server: the clock is right' "$word $used" 'clock_ok 1/1'
check 1000000 "localhost:$true1"
is 'the same by its name' "$word $used" 'clock_ok 1/1'
check 1 "127.0.0.1:$true1"
is 'a limit inside the bound: cannot tell' "$word $used" 'clock_cannot_tell 1/1'

check 1000000 "127.0.0.1:$off" "127.0.0.1:$true1" "[::1]:$true2"
is 'two true ones outvote the one ahead, which is named' "$line" "clock_ok * 2/3 *; 127.0.0.1:$off: +2.[45]*"
check 1000000 "127.0.0.1:$off" "127.0.0.1:$true1" "[::1]:$off"
is 'and the other way round' "$line" "clock_off * 2/3 *; 127.0.0.1:$true1: [+-]0.00*"
check 1000000 "127.0.0.1:$off" "127.0.0.1:$true1"
is 'one against one: no majority' "$line" "clock_disagreement - - 0/2 127.0.0.1:$off: +2.* s; 127.0.0.1:$true1: [+-]0.00*"

check 1000000 "127.0.0.1:$unsynchronised"
is 'an unsynchronised server: unknown, and why' "$line" "clock_unknown - - 0/1 127.0.0.1:$unsynchronised: unsynchronised (leap 3)"
check 1000000 "127.0.0.1:$closed" "[::1]:$unsynchronised" 'nosuch.invalid:x'
is 'each server with its reason' "$line" \
	"clock_unknown - - 0/3 127.0.0.1:$closed: Connection refused; ?::1?:$unsynchronised: unsynchronised (leap 3); nosuch.invalid:x: has no port*"
check 1000000 "127.0.0.1:$closed" "127.0.0.1:$true1"
is 'one usable server of two is enough' "$line" "clock_ok * 1/2 *; 127.0.0.1:$closed: Connection refused"
check 1000000
is 'no server at all' "$word $used" 'clock_unused 0/0'

liar silent good
check 1000000 "127.0.0.1:$liar_port"
is 'a lost packet: asked again' "$word $used" 'clock_ok 1/1'
liar silent
check 1000000 "127.0.0.1:$liar_port"
is 'silence' "$line" "clock_unknown - - 0/1 127.0.0.1:$liar_port: no reply"
liar origin+good
check 1000000 "127.0.0.1:$liar_port"
is 'a reply to another request is passed over' "$word $used" 'clock_ok 1/1'
liar origin
check 1000000 "127.0.0.1:$liar_port"
is 'nothing but such replies' "$line" "clock_unknown - - 0/1 127.0.0.1:$liar_port: reply to a request that is not ours"
liar stranger+good
check 1000000 "127.0.0.1:$liar_port"
is 'a reply from another port is not heard' "$word $used" 'clock_ok 1/1'
liar kiss good
check 1000000 "127.0.0.1:$liar_port"
is 'a kiss code ends it' "$line" "clock_unknown - - 0/1 127.0.0.1:$liar_port: kiss code RATE"
liar stratum16 good
check 1000000 "127.0.0.1:$liar_port"
is 'stratum 16' "$line" "clock_unknown - - 0/1 127.0.0.1:$liar_port: unsynchronised (stratum 16)"

"$bin/clock_probe" --cancel 1000000 400000 "127.0.0.1:$true1" "localhost:$true1" '[::1' >/dev/null
result $? 'freed right after its start'
finish
