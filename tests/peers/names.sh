#!/bin/sh
# names.sh BUILD: an audit that finds its carriers by a real dnsmasq: NAPTR, SRV, failover, names that do not exist, name servers that do not
# answer.
set -eu
build=${1:?usage: $0 BUILD}
cd "$(dirname "$0")/../.."
. tests/peers/lib.sh

cat >"$dir/world.scenario" <<END
trunk udp extra=yes user=alice password=open-sesame domain=carrier.test
trunk tcp extra=yes transport=tcp user=alice password=open-sesame domain=carrier.test
END
background "$build/lab" "$dir/world.scenario" --dir "$dir/world"
tries=0
until [ -s "$dir/world/trunkauditd.yaml" ] && grep -q ready "$dir/log"; do
	tries=$((tries + 1))
	[ "$tries" -le 100 ] || { echo "the lab did not start" >&2; cat "$dir/log" >&2; exit 1; }
	sleep 0.1
done
carrier() { # carrier NAME: HOST PORT of the lab's carrier
	sed -n "/name: \"$1\"/,/^  - /s/.*proxies: \\[\"\\([0-9.]*\\):\\([0-9]*\\)\"\\].*/\\1 \\2/p" "$dir/world/trunkauditd.yaml" | head -n 1
}
udp=$(carrier udp) tcp=$(carrier tcp)
udp_host=${udp% *} udp=${udp#* } tcp_host=${tcp% *} tcp=${tcp#* }
free_port; dns=$port
free_port; closed=$port
background dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" --pid-file="$dir/dnsmasq.pid" \
	--listen-address=127.0.0.1 --bind-interfaces --port="$dns" --local=/test/ --cache-size=0 \
	--host-record=sbc.test,"$udp_host" --host-record=tcp.test,"$tcp_host" \
	--srv-host=_sip._udp.srv.test,sbc.test,"$udp",10,1 \
	--srv-host=_sip._udp.two.test,sbc.test,"$closed",10,1 --srv-host=_sip._udp.two.test,sbc.test,"$udp",20,1 \
	--naptr-record=naptr.test,10,10,s,SIP+D2T,,_sip._tcp.naptr.test --naptr-record=naptr.test,20,10,s,SIP+D2U,,_sip._udp.naptr.test \
	--srv-host=_sip._tcp.naptr.test,tcp.test,"$tcp",10,1 --srv-host=_sip._udp.naptr.test,sbc.test,"$closed",10,1
printf 'open-sesame\n' >"$dir/password"
chmod 600 "$dir/password"

# trunk NAME PROXY [MORE]
trunk() {
	printf '  - {name: %s, extra: true, domain: carrier.test, username: alice, password: {file: "%s"}, proxies: ["%s"]%s}\n' \
		"$1" "$dir/password" "$2" "${3:-}"
}
# config NAME NAMESERVER-PORT: its trunks come from stdin
config() {
	printf 'store: {path: "%s"}\nprobe: {timeout: 3s, spacing: 0s}\ndns: {servers: ["127.0.0.1:%s"]}\ntrunks:\n' "$dir/$1.db" "$2" >"$dir/$1.yaml"
	cat >>"$dir/$1.yaml"
	"$build/trunkaudit" --config "$dir/$1.yaml" run >"$dir/$1.out" 2>&1 || :
}
verdict() { # verdict NAME TRUNK
	sqlite3 -separator ' ' "$dir/$1.db" "SELECT outcome, cause FROM latest WHERE trunk = '$2'" 2>&1
}

{
	trunk a "sbc.test:$udp"
	trunk srv srv.test ', transport: udp'
	trunk two two.test ', transport: udp'
	trunk naptr naptr.test
	trunk nosuch nosuch.test
	trunk no-address _sip._udp.srv.test
} >"$dir/trunks"
tries=0
until config named "$dns" <"$dir/trunks" && [ "$(verdict named a)" = 'pass ok' ]; do
	tries=$((tries + 1))
	[ "$tries" -le 20 ] || break
	sleep 0.2
done
set +e # from here a failure is a result
is 'a name with an address' "$(verdict named a)" 'pass ok'
is 'SRV' "$(verdict named srv)" 'pass ok'
is 'SRV: the first target does not serve' "$(verdict named two)" 'warn failed_over'
is 'NAPTR prefers TCP' "$(verdict named naptr)" 'pass ok'
is 'NAPTR: the records are in the evidence' \
	"$(sqlite3 "$dir/named.db" "SELECT how FROM evidence_target JOIN trunk ON key = trunk WHERE name = 'naptr' LIMIT 1")" '*NAPTR*SIP+D2T*'
is 'a name that does not exist' "$(verdict named nosuch)" 'untested name_not_found'
is 'a name without an address' "$(verdict named no-address)" 'untested name_not_found'
trunk a sbc.test | config unnamed "$closed"
is 'a name server that is not there' "$(verdict unnamed a)" 'untested name_unresolved'
is 'the carriers have no complaint' "$(cat "$dir/world/violations")" ''
finish
