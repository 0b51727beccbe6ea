#!/bin/sh
# locator.sh BUILD: the locator against a real dnsmasq on loopback, and against name servers that are not there.
set -eu
cd "$(dirname "$0")/../.."
. tests/peers/lib.sh

# ask NAMESERVERS TARGET...: sets lines.
ask() {
	lines=$("$bin/locate_probe" "$@" 2>&1) || lines="broken: $lines"
}

# asked PATTERN: how many questions the name server has logged that match.
asked() {
	grep -c "query\[.*$1" "$dir/queries" || :
}

compile locate_probe tests/peers/locate_probe.c daemon/locator.c daemon/resolver.c common/srv.c common/target.c common/host_port.c
compile udp_liar tests/peers/udp_liar.c

free_port; dns=$port
free_port; closed=$port

# The zone. Priorities decide in prio.test, so that its order is known; weights.test has the same one three times.
set -- --host-record=a.test,192.0.2.1 --host-record=b.test,192.0.2.2 --host-record=c.test,192.0.2.3 --host-record=six.test,2001:db8::6 \
	--host-record=both.test,192.0.2.4,2001:db8::4 \
	--srv-host=_sip._udp.prio.test,c.test,5063,30,0 --srv-host=_sip._udp.prio.test,a.test,5061,10,0 \
	--srv-host=_sip._udp.prio.test,b.test,5062,20,65535 \
	--srv-host=_sip._tcp.prio.test,b.test,5070,1,1 --srv-host=_sips._tcp.prio.test,c.test,5071,1,1 --host-record=prio.test,192.0.2.9 \
	--srv-host=_sip._udp.weights.test,a.test,5060,1,10 --srv-host=_sip._udp.weights.test,b.test,5060,1,60 \
	--srv-host=_sip._udp.weights.test,c.test,5060,1,0
# NAPTR: TLS before UDP by order; by preference; services of others, and another name than the usual one.
set -- "$@" --naptr-record=secure.test,90,50,s,SIP+D2U,,_sip._udp.prio.test \
	--naptr-record=secure.test,50,50,s,SIPS+D2T,,_sips._tcp.secure.test --srv-host=_sips._tcp.secure.test,a.test,5061,1,1 \
	--naptr-record=prefer.test,10,20,S,sip+d2t,,_sip._tcp.prio.test --naptr-record=prefer.test,10,30,s,SIP+D2U,,_sip._udp.weights.test \
	--naptr-record=prefer.test,1,1,s,SIP+D2S,,_sip._sctp.prefer.test '--naptr-record=prefer.test,1,1,u,E2U+sip,!^.*$!sip:x@y!' \
	--naptr-record=others.test,1,1,s,SIP+D2S,,_sip._sctp.others.test --host-record=others.test,192.0.2.5 \
	--naptr-record=bare.test,1,1,s,SIPS+D2T,,_sips._tcp.bare.test --host-record=bare.test,192.0.2.6
# Services that are not there, targets that are not there.
set -- "$@" --srv-host=_sip._udp.none.test --host-record=none.test,192.0.2.7 \
	--srv-host=_sip._udp.partly.test --srv-host=_sip._tcp.partly.test,a.test,5060,1,1 \
	--srv-host=_sip._udp.lost.test,gone.test,5060,1,1 --srv-host=_sip._udp.lost.test,b.test,5060,2,1 \
	--srv-host=_sip._udp.nowhere.test,gone.test,5060,1,1 --srv-host=_sip._udp.nowhere.test,text.test,5060,2,1 \
	--host-record=nowhere.test,192.0.2.8 --txt-record=text.test,nothing \
	--srv-host=_sip._udp.foreign.test,a.example,5060,1,1 \
	--srv-host=_sip._udp.twice.test,a.test,5060,1,1 --srv-host=_sip._udp.twice.test,a.test,5060,2,1 \
	--srv-host=_sip._udp.six-srv.test,six.test,5066,1,1 --srv-host=_sip._udp.both-srv.test,both.test,5066,1,1 \
	--naptr-record=dup.test,1,1,s,SIP+D2U,,_sip._udp.twice.test --naptr-record=dup.test,1,2,s,SIP+D2U,,_sip._udp.again.test \
	--srv-host=_sip._udp.again.test,a.test,5060,1,1
# Names of which only the addresses, or some SRV records, are known here; for the rest dnsmasq asks a server that is not there.
set -- "$@" --server="/flaky.test/127.0.0.1#$closed" --host-record=flaky.test,192.0.2.30,2001:db8::30 \
	--server="/mute.test/127.0.0.1#$closed" --srv-host=_sip._udp.mute.test,a.test,5060,1,1 \
	--server="/_sip._udp.half.test/127.0.0.1#$closed" --srv-host=_sip._tcp.half.test,a.test,5060,1,1 --host-record=half.test,192.0.2.31
# An answer that does not fit into a datagram.
for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
	set -- "$@" --srv-host="_sip._udp.large.test,a-target-with-a-rather-long-name-$i.test,50$i,$i,1" \
		--host-record="a-target-with-a-rather-long-name-$i.test,192.0.2.$i"
done
background dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" --pid-file="$dir/dnsmasq.pid" \
	--listen-address=127.0.0.1 --bind-interfaces --port="$dns" --local=/test/ --cache-size=0 --log-queries \
	--log-facility="$dir/queries" "$@"
server=127.0.0.1:$dns
tries=0
until ask "$server" 'a.test#5060' && [ "$lines" = 'udp 192.0.2.1#5060 a.test (explicit port, A a.test)' ]; do
	tries=$((tries + 1))
	[ "$tries" -le 50 ] || { echo "dnsmasq did not start: $lines" >&2; cat "$dir/log" "$dir/queries" >&2; exit 1; }
	sleep 0.1
done

set +e # from here a failure is a result
nl='
'

# -- nothing to look for -------------------------------------------------------------------------------------------------
ask "127.0.0.1:$closed" 192.0.2.9 tls/192.0.2.9 'tcp/192.0.2.9#5080' 2001:db8::9 'tls/[2001:db8::9]' 'tcp/2001:db8::9#5080'
is 'addresses need no name server; the default port is that of the transport' "$lines" "udp 192.0.2.9#5060 192.0.2.9 (literal address)
tls 192.0.2.9#5061 192.0.2.9 (literal address)
tcp 192.0.2.9#5080 192.0.2.9 (literal address)
udp 2001:db8::9#5060 2001:db8::9 (literal address)
tls 2001:db8::9#5061 ?2001:db8::9? (literal address)
tcp 2001:db8::9#5080 2001:db8::9 (literal address)"
ask "127.0.0.1:$closed" 'fe80::1%lo' '[::1'
is 'a broken address is not looked up' "$lines" \
	"not found: not an address that can be used${nl}not found: not an address that can be used"
ask "127.0.0.1:$closed" localhost
is 'the hosts file goes before DNS' "$lines" 'udp *#5060 localhost (hosts file, A* localhost)'

# -- an explicit port ----------------------------------------------------------------------------------------------------
: >"$dir/queries"
ask "$server" 'prio.test#5099' 'tls/prio.test#5098'
is 'an explicit port: the host itself' "$lines" \
	"udp 192.0.2.9#5099 prio.test (explicit port, A prio.test)${nl}tls 192.0.2.9#5098 prio.test (explicit port, A prio.test)"
is 'an explicit port: NAPTR and SRV are not asked' "$(asked 'prio\.test') $(asked '_s') $(grep -c 'query\[\(NAPTR\|SRV\)' "$dir/queries")" \
	'4 0 0'

# -- SRV -----------------------------------------------------------------------------------------------------------------
: >"$dir/queries"
ask "$server" udp/prio.test
is 'priorities' "$lines" "udp 192.0.2.1#5061 a.test (SRV _sip._udp.prio.test 10 0 5061 a.test)
udp 192.0.2.2#5062 b.test (SRV _sip._udp.prio.test 20 65535 5062 b.test)
udp 192.0.2.3#5063 c.test (SRV _sip._udp.prio.test 30 0 5063 c.test)"
is 'a known transport: NAPTR is not asked' "$(grep -c 'query\[NAPTR' "$dir/queries") $(asked '_sip\._udp\.prio\.test')" '0 1'
ask "$server" tcp/prio.test tls/prio.test
is 'TCP and TLS have SRV records of their own' "$lines" "tcp 192.0.2.2#5070 b.test (SRV _sip._tcp.prio.test 1 1 5070 b.test)
tls 192.0.2.3#5071 c.test (SRV _sips._tcp.prio.test 1 1 5071 c.test)"
ask "$server" udp/weights.test
is 'targets of one priority are all there' "$(echo "$lines" | sort)" "udp 192.0.2.1#5060 a.test (SRV _sip._udp.weights.test 1 10 5060 a.test)
udp 192.0.2.2#5060 b.test (SRV _sip._udp.weights.test 1 60 5060 b.test)
udp 192.0.2.3#5060 c.test (SRV _sip._udp.weights.test 1 0 5060 c.test)"
ask "$server" udp/twice.test
is 'a target that stands twice is tried once' "$lines" 'udp 192.0.2.1#5060 a.test (SRV _sip._udp.twice.test 1 1 5060 a.test)'
ask "$server" udp/six-srv.test
is 'a target with AAAA only' "$lines" 'udp 2001:db8::6#5066 six.test (SRV _sip._udp.six-srv.test 1 1 5066 six.test)'
ask "$server" udp/both-srv.test
is 'a target with A and AAAA' "$(echo "$lines" | sort)" "udp 192.0.2.4#5066 both.test (SRV *)${nl}udp 2001:db8::4#5066 both.test (SRV *)"
ask "$server" prio.test
is 'no NAPTR: UDP, TCP, TLS in turn' "$lines" "udp 192.0.2.1#5061 a.test (SRV *)
udp 192.0.2.2#5062 b.test (SRV *)
udp 192.0.2.3#5063 c.test (SRV *)
tcp 192.0.2.2#5070 b.test (SRV _sip._tcp.prio.test 1 1 5070 b.test)
tls 192.0.2.3#5071 c.test (SRV _sips._tcp.prio.test 1 1 5071 c.test)"
ask "$server" udp/large.test
is 'a large answer comes by TCP, and only so many locations are given' "$(echo "$lines" | cut -d ' ' -f 1-2 | tr '\n' ' ')" \
	'udp 192.0.2.10#5010 udp 192.0.2.11#5011 udp 192.0.2.12#5012 udp 192.0.2.13#5013 udp 192.0.2.14#5014 udp 192.0.2.15#5015 udp 192.0.2.16#5016 udp 192.0.2.17#5017 '

ask "$server" dup.test
is 'a target of two services is tried once for each transport' "$lines" \
	'udp 192.0.2.1#5060 a.test (NAPTR SIP+D2U, SRV _sip._udp.twice.test 1 1 5060 a.test)'

# -- SRV records that lead nowhere ---------------------------------------------------------------------------------------
ask "$server" udp/none.test none.test
is 'the target "." is final' "$lines" \
	"not found: the SRV records say that the service is not available${nl}not found: the SRV records say that the service is not available"
ask "$server" partly.test
is 'the target "." of one transport does not speak for another' "$lines" \
	'tcp 192.0.2.1#5060 a.test (SRV _sip._tcp.partly.test 1 1 5060 a.test)'
ask "$server" udp/lost.test
is 'a target without an address is skipped' "$lines" 'udp 192.0.2.2#5060 b.test (SRV _sip._udp.lost.test 2 1 5060 b.test)'
ask "$server" udp/nowhere.test
is 'no target has an address: the host itself is not asked' "$lines" 'not found: no target of the SRV records has an address'
ask "$server" udp/foreign.test
is 'a target that cannot be looked up: failed' "$lines" 'failed: *'

# -- NAPTR ---------------------------------------------------------------------------------------------------------------
ask "$server" secure.test
is 'NAPTR: TLS before UDP' "$lines" "tls 192.0.2.1#5061 a.test (NAPTR SIPS+D2T, SRV _sips._tcp.secure.test 1 1 5061 a.test)
udp 192.0.2.1#5061 a.test (NAPTR SIP+D2U, SRV _sip._udp.prio.test 10 0 5061 a.test)
udp 192.0.2.2#5062 b.test (NAPTR SIP+D2U, SRV _sip._udp.prio.test 20 65535 5062 b.test)
udp 192.0.2.3#5063 c.test (NAPTR SIP+D2U, SRV _sip._udp.prio.test 30 0 5063 c.test)"
ask "$server" udp/secure.test
is 'a known transport is not changed by NAPTR' "$lines" 'not found: DNS server returned answer with no data'
ask "$server" prefer.test
is 'NAPTR: preference, and the services of others skipped' "$(echo "$lines" | sed 's/ SRV.*//' | sort -u -k 1,1r -k 4)" \
	"udp *(NAPTR SIP+D2U,*tcp 192.0.2.2#5070 b.test (NAPTR SIP+D2T,"
is 'NAPTR: the preferred comes first' "$(echo "$lines" | head -n 1)" \
	'tcp 192.0.2.2#5070 b.test (NAPTR SIP+D2T, SRV _sip._tcp.prio.test 1 1 5070 b.test)'
ask "$server" bare.test
is 'NAPTR without SRV: the host itself, with that transport' "$lines" 'tls 192.0.2.6#5061 bare.test (NAPTR SIPS+D2T, no SRV, A bare.test)'

# -- neither -------------------------------------------------------------------------------------------------------------
ask "$server" a.test others.test tcp/a.test tls/a.test six.test
is 'no records: the host itself, on the default port' "$lines" "udp 192.0.2.1#5060 a.test (no NAPTR for SIP, no SRV, A a.test)
udp 192.0.2.5#5060 others.test (no NAPTR for SIP, no SRV, A others.test)
tcp 192.0.2.1#5060 a.test (no SRV, A a.test)
tls 192.0.2.1#5061 a.test (no SRV, A a.test)
udp 2001:db8::6#5060 six.test (no NAPTR for SIP, no SRV, AAAA six.test)"
ask "$server" nosuch.test udp/nosuch.test 'nosuch.test#5060' text.test
is 'nothing at all is not found' "$lines" "not found: Domain name not found
not found: Domain name not found
not found: Domain name not found
not found: DNS server returned answer with no data"
label=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff
ask "$server" '' foo..test "udp/$label.$label.$label.$label.test" "$label.$label.$label.$label.$label.test"
is 'names that cannot exist' "$lines" "not found: Misformatted domain name
not found: Misformatted domain name
not found: Domain name not found
not found: Misformatted domain name"

# -- name servers that do not help ---------------------------------------------------------------------------------------
ask "$server" refused.example udp/refused.example
is 'a name server that refuses: failed' "$lines" "failed: *${nl}failed: *"
ask "$server" flaky.test udp/flaky.test 'flaky.test#5060'
is 'a failed lookup of NAPTR or SRV does not lead to the host itself' "$(echo "$lines" | sed 's/: .*//' | sort -u)" \
	"failed${nl}udp 192.0.2.30#5060 flaky.test (explicit port, A flaky.test)
udp 2001:db8::30#5060 flaky.test (explicit port, AAAA flaky.test)"
ask "$server" mute.test udp/mute.test
is 'a failed lookup of NAPTR does not choose a transport' "$lines" \
	"failed: *${nl}udp 192.0.2.1#5060 a.test (SRV _sip._udp.mute.test 1 1 5060 a.test)"
ask "$server" half.test udp/half.test
is 'the SRV records of one transport serve when those of another fail' "$lines" \
	"tcp 192.0.2.1#5060 a.test (SRV _sip._tcp.half.test 1 1 5060 a.test)${nl}failed: *"
ask "127.0.0.1:$closed" a.test udp/a.test 'a.test#5060'
is 'a closed port: failed' "$lines" "failed: Could not contact DNS servers
failed: Could not contact DNS servers
failed: Could not contact DNS servers"
ask "127.0.0.1:$closed,$server" secure.test
is 'the second name server is asked' "$lines" 'tls 192.0.2.1#5061 a.test (NAPTR SIPS+D2T, *'
liar silent
ask "127.0.0.1:$liar_port" a.test udp/a.test
is 'a silent name server: failed, and it ends' "$lines" "failed: Timeout while contacting DNS servers
failed: Timeout while contacting DNS servers"
ask --cancel "127.0.0.1:$liar_port" a.test udp/a.test 'a.test#5060' localhost 127.0.0.1
is 'locators freed before they are done' "$lines" ''
finish
