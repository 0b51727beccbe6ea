#!/bin/sh
# dns_away.sh BUILD: the service while its name server (a real dnsmasq) is not there, silent, and there again: runs end, the carriers are
# not blamed, and each change is told once.
# shellcheck disable=SC2317 # wait_for calls what seems unreachable
set -eu
build=${1:?usage: $0 BUILD}
cd "$(dirname "$0")/../.."
. tests/peers/lib.sh
show_more() { cat "$dir/stderr"; }

for name in a b c; do
	echo "trunk $name extra=yes user=alice password=open-sesame domain=carrier.test"
done >"$dir/world.scenario"
background "$build/lab" "$dir/world.scenario" --dir "$dir/world"
ready() { [ -s "$dir/world/trunkauditd.yaml" ] && grep -q ready "$dir/log"; }
wait_for lab ready
printf 'open-sesame\n' >"$dir/password"
chmod 600 "$dir/password"
free_port; dns=$port
db=$dir/audit.db
printf 'store: {path: "%s"}\nschedule: {interval: 1d}\nprobe: {timeout: 3s, spacing: 0s}\ndns: {servers: ["127.0.0.1:%s"]}\ntrunks:\n' \
	"$db" "$dns" >"$dir/trunkauditd.yaml"
hosts=''
for name in a b c; do
	address=$(sed -n "/name: \"$name\"/,/^  - /s/.*proxies: \\[\"\\([0-9.]*:[0-9]*\\)\"\\].*/\\1/p" "$dir/world/trunkauditd.yaml" | head -n 1)
	hosts="$hosts --host-record=$name.test,${address%:*}"
	printf '  - {name: %s, extra: true, domain: carrier.test, username: alice, password: {file: "%s"}, proxies: ["%s.test:%s"]}\n' \
		"$name" "$dir/password" "$name" "${address#*:}" >>"$dir/trunkauditd.yaml"
done

listens() { grep -q "$(printf ':%04X ' "$dns")" /proc/net/udp; }
serve_names() {
	# shellcheck disable=SC2086 # a list
	background dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" --pid-file="$dir/dnsmasq.pid" \
		--listen-address=127.0.0.1 --bind-interfaces --port="$dns" --local=/test/ --cache-size=0 $hosts
	server=$!
	wait_for 'name server' listens
}
end_server() {
	kill "$server"
	wait "$server" 2>/dev/null || :
}
ended() { [ "$(grep -c 'Run [0-9]* done' "$dir/stderr")" -gt "$runs" ]; }
# run_now: sets new, the lines of this run.
run_now() {
	runs=$(grep -c 'Run [0-9]* done' "$dir/stderr" || :)
	lines=$(wc -l <"$dir/stderr")
	kill -USR1 "$daemon"
	wait_for 'end of the run' ended
	new=$(tail -n "+$((lines + 1))" "$dir/stderr")
}
verdicts() { # of the last run: count, outcome, cause
	sqlite3 -separator ' ' "$db" 'SELECT count(*), outcome, cause FROM latest GROUP BY outcome, cause' 2>&1
}
alerts() { # lines of this run about a trunk
	printf '%s\n' "$new" | grep -Ec '^[a-z]+: .*\b[abc](\.test)?: ' || :
}

serve_names
: >"$dir/stderr"
"$build/trunkauditd" --config "$dir/trunkauditd.yaml" 2>"$dir/stderr" &
daemon=$!
pids="$pids $daemon"
runs=0
wait_for 'first run' ended

set +e # from here a failure is a result
ticks() { awk '{ print $14 + $15 }' "/proc/$daemon/stat"; }
spent=$(ticks)
is 'found by name' "$(verdicts)" '3 pass ok'

end_server
run_now
is 'nobody at the port: the carriers are not blamed' "$(verdicts)" '3 untested name_unresolved'
is '  told once for each trunk' "$(alerts)" 3
run_now
is '  and no more' "$(verdicts), $(alerts)" '3 untested name_unresolved, 0'

background python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", int(sys.argv[1])))
time.sleep(3600)' "$dns"
server=$!
wait_for 'silent name server' listens
run_now
is 'a silent name server: the run ends, of the same cause' "$(verdicts)" '3 untested name_unresolved'
is '  nothing is told twice' "$(alerts)" 0
is '  few lines for each run' "$([ "$(wc -l <"$dir/stderr")" -le 40 ] && echo yes)" yes
is '  nothing spins' "$([ $(($(ticks) - spent)) -lt 500 ] && echo yes)" yes

end_server
serve_names
run_now
is 'the name server is back: so are the trunks' "$(verdicts)" '3 pass ok'
is '  told once for each' "$(printf '%s\n' "$new" | grep -c ": again pass")" 3
kill -TERM "$daemon"
wait "$daemon"
is 'the service stops as told' "$?" 0

# -- no name server is configured, anywhere ------------------------------------------------------------------------------------------

sed '/^dns:/d' "$dir/trunkauditd.yaml" >"$dir/plain.yaml"
root=''
[ "$(id -u)" -eq 0 ] || root=--map-root-user
# shellcheck disable=SC2016,SC2086 # the inner shell expands it; an option, or none
unshare $root --mount --net --propagation private -- setpriv --bounding-set=-sys_time --inh-caps=-sys_time -- sh -c \
	'ip link set lo up && mount --bind /dev/null "$(readlink -f /etc/resolv.conf)" && exec "$@"' sh \
	"$build/trunkaudit" --config "$dir/plain.yaml" run >"$dir/plain" 2>&1
is 'an empty resolv.conf' "$(verdicts)" '3 untested name_unresolved'
is 'the carriers have no complaint' "$(cat "$dir/world/violations")" ''
finish
