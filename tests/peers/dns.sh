#!/bin/sh
# dns.sh BUILD: the resolver against a real dnsmasq on loopback, and against name servers that are not there.
set -eu
cd "$(dirname "$0")/../.."
. tests/peers/lib.sh

# ask NAMESERVERS HOST...: sets lines.
ask() {
	lines=$("$bin/resolve_probe" "$@" 2>&1) || lines="broken: $lines"
}

compile resolve_probe tests/peers/resolve_probe.c daemon/resolver.c
compile udp_liar tests/peers/udp_liar.c

free_port; dns=$port
free_port; closed=$port
background dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" --pid-file="$dir/dnsmasq.pid" \
	--listen-address=127.0.0.1,::1 --bind-interfaces --port="$dns" --local=/test/ --cache-size=0 \
	--host-record=v4.test,192.0.2.1 --host-record=v6.test,2001:db8::1 --host-record=both.test,192.0.2.2,2001:db8::2 \
	--host-record=many.test,192.0.2.11 --host-record=many.test,192.0.2.12 --host-record=many.test,192.0.2.13 \
	--cname=alias.test,v4.test --txt-record=text.test,nothing
server=127.0.0.1:$dns
tries=0
until ask "$server" v4.test && [ "$lines" = 'v4.test: 192.0.2.1#5060' ]; do
	tries=$((tries + 1))
	[ "$tries" -le 50 ] || { echo "dnsmasq did not start: $lines" >&2; cat "$dir/log" >&2; exit 1; }
	sleep 0.1
done

set +e # from here a failure is a result
ask "$server" v4.test
is 'A' "$lines" 'v4.test: 192.0.2.1#5060'
ask "$server" v6.test
is 'AAAA' "$lines" 'v6.test: 2001:db8::1#5060'
ask "$server" both.test
case $lines in *2001:db8::2#5060*) both=1 ;; *) both=0 ;; esac
is 'A and AAAA' "$lines $both" 'both.test: *192.0.2.2#5060* 1'
ask "$server" many.test
is 'several addresses' "$(echo "$lines" | tr ' ' '\n' | grep -c '^192\.0\.2\.1[123]#5060$')" 3
ask "$server" alias.test
is 'CNAME' "$lines" 'alias.test: 192.0.2.1#5060'
ask "[::1]:$dns" v4.test
is 'a name server on IPv6' "$lines" 'v4.test: 192.0.2.1#5060'

ask "$server" nosuch.test
is 'NXDOMAIN is not found' "$lines" 'nosuch.test: not found: Domain name not found'
ask "$server" text.test
is 'a name without an address is not found' "$lines" 'text.test: not found: DNS server returned answer with no data'
LOCALDOMAIN="test"
export LOCALDOMAIN
ask "$server" v4
is 'search domains are not used' "$lines" 'v4: failed: *'
unset LOCALDOMAIN
ask "$server" foo..test ''
is 'names that cannot exist' "$(echo "$lines" | grep -c ': not found: Misformatted domain name$')" 2
ask "$server" refused.example
is 'a name server that refuses: failed' "$lines" 'refused.example: failed: *'

ask "127.0.0.1:$closed" v4.test
is 'a closed port: failed' "$lines" 'v4.test: failed: Could not contact DNS servers'
ask "127.0.0.1:$closed,$server" v4.test
is 'the second name server is asked' "$lines" 'v4.test: 192.0.2.1#5060'
liar silent
ask "127.0.0.1:$liar_port" v4.test both.test
is 'a silent name server: failed, and it ends' "$lines" 'v4.test: failed: Timeout while contacting DNS servers?both.test: failed: Timeout*'
ask "127.0.0.1:$liar_port,127.0.0.1:$liar_port,$server" v4.test
is 'the third is asked after two silent ones' "$lines" 'v4.test: 192.0.2.1#5060'

ask "127.0.0.1:$closed" 192.0.2.9 2001:db8::9 '[2001:db8::9]' localhost
is 'addresses and localhost need no name server' "$(echo "$lines" | tr '\n' ' ')" \
	'192.0.2.9: 192.0.2.9#5060 2001:db8::9: 2001:db8::9#5060 ?2001:db8::9?: 2001:db8::9#5060 localhost: *#5060 '
ask "127.0.0.1:$closed" 'fe80::1%lo' '[fe80::1%lo]' '[::1' ':' 'a:b'
is 'zones and broken addresses are not looked up' "$(echo "$lines" | grep -c 'not found: not an address that can be used$')" 5
ask nonsense v4.test
is 'a name server that cannot be read' "$lines" 'broken: *Invalid argument*'
ask --cancel "127.0.0.1:$liar_port" v4.test localhost 127.0.0.1
is 'queries freed before they are answered' "$lines" ''
finish
