#!/bin/sh
# platform.sh [BUILD]: the way to the platform, and what remains when there is none: HTTP/2 (nghttpx speaks it, the lab's server does not),
# an HTTP proxy, TLS versions; replies that are recorded and replayed; a platform that is down for a day; the ids of what failed.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
PATH=$PATH:/usr/sbin:/sbin
unset https_proxy HTTPS_PROXY no_proxy NO_PROXY all_proxy ALL_PROXY

cat >"$dir/world.scenario" <<END
api listing=sparse page_size=4
config schedule.interval=24h
config probe.spacing=0s
config guard.trunk_answers_per_hour=0
trunk t-%d count=8
trunk open auth=none challenge=none
trunk told validation=mismatch
END
lab world
yaml=$dir/world/trunkauditd.yaml
port=$(sed -n 's|^  api_url: .*:\([0-9]*\)"|\1|p' "$yaml")

run() { # run NAME RC [ARGUMENT...]: an audit by $dir/NAME.yaml
	name=$1 rc=$2 got=0
	shift 2
	"$build/trunkaudit" --config "$dir/$name.yaml" run "$@" >"$dir/$name.out" 2>"$dir/$name.err" || got=$?
	is "$name: exit status" "$got" "$rc"
}
platform() { sql "$1" "SELECT platform_cause FROM runs LIMIT 1"; }
detail() { sql "$1" "SELECT platform_detail FROM runs LIMIT 1"; }
trunks() { sql "$1" "SELECT trunk_id, name, state, role, region, authentication, domain, proxies, transport, request_uri, realm, username, algorithm,
	qop, self_uri, validation_time, validation_code, validation_challenge FROM trunk ORDER BY trunk_id"; }
with() { # with NAME LINE...: the configuration of the lab, with more keys of the platform
	more='' service=$1
	shift
	for line; do
		more="$more\\n  $line"
	done
	config "$service" "$yaml" -e "s|^platform:|&$more|"
}

# -- recorded and replayed ------------------------------------------------------------------------------------------------------
with recorded
run recorded 0 --record "$dir/tape"
is "ten trunks" "$(trunks recorded | wc -l)" 10
is "the pages are there by what was asked" "$(find "$dir/tape" -name 'architect_trunk-connections_*pageNumber=*.json' | wc -l)" 3
is "  and each trunk's own" "$(find "$dir/tape" -name 'architect_trunk-connections_*-*-*-*-*.json' | wc -l)" 10
is "  for nobody else to read" "$(find "$dir/tape" -perm /077 | wc -l)" 0
cat "$dir"/tape/* >"$dir/taped"
has "what the platform told of a validation" "$dir/taped" 'response=removed'
for secret in "$dir"/world/tokens "$dir"/world/secrets/*; do
	if grep -qFf "$secret" "$dir/taped"; then result 1 "no $(basename "$secret") on the tape"; fi
done
lacks "no response of a digest" "$dir/taped" 'response=[^r]'
run recorded 2 --record "$dir/tape"
has "a directory that holds something is not written over" "$dir/recorded.err" 'is not empty'

config replayed "$yaml" -e "s|^platform:|&\\n  page_dir: $dir/tape|" -e 's#^  \(api\|login\)_url: .*#  \1_url: https://127.0.0.1:1#' \
	-e 's|^  client_secret: .*|  client_secret: {file: /nowhere}|'
run replayed 0
is "without a platform the replay has the same trunks" "$(trunks replayed)" "$(trunks recorded)"
mkdir "$dir/nothing"
with blank "page_dir: $dir/nothing"
run blank 1
is "what was not recorded" "$(platform blank)" platform_unreachable
is "  is said so" "$(detail blank)" '*no such reply was recorded*'
has "  and that no list was ever read" "$dir/blank.out" '^Trunks: never read$'

# -- a platform that is down ----------------------------------------------------------------------------------------------------
config down "$yaml" -e 's|^platform:|&\n  deadline: 100ms|' -e 's#^  \(api\|login\)_url: .*#  \1_url: https://127.0.0.1:1#'
cp "$dir/recorded.db" "$dir/down.db"
for hours in 2 12 24; do
	sql down "UPDATE listing SET listed_usec = (unixepoch() - $hours * 3600) * 1000000"
	run down 1
	is "down for $hours h: every carrier is audited" "$(sql down "SELECT count(*) FROM results
		WHERE run = (SELECT max(id) FROM run) AND outcome IN ('pass', 'warn') AND requests > 0")" 10
	is "  and the verdict says why, not how old" "$(detail down)" 'https://127.0.0.1:1: *'
	has "  how old that knowledge is, the run says" "$dir/down.out" "^Trunks: as of 20[-0-9]+T[0-9:]+Z: $hours h old\$"
done
is "each request that failed is kept" "$(sql down 'SELECT method, path, status, message <> "" FROM refusals LIMIT 1')" 'POST|/oauth/token||1'

# -- proxy ------------------------------------------------------------------------------------------------------------------------
python3 tests/service/connect_proxy.py user:hush "$dir/proxy.log" "$dir/proxy.port" 2>"$dir/proxy.err" &
pids="$pids $!"
wait_for "the proxy" test -s "$dir/proxy.port"
proxy=http://127.0.0.1:$(cat "$dir/proxy.port")
(umask 077 && printf 'user:hush' >"$dir/proxy_credentials")

with proxied "proxy: $proxy" "proxy_credentials: {file: $dir/proxy_credentials}"
run proxied 0
is "the login and the API are asked by the proxy" "$(sort -u "$dir/proxy.log" | tr '\n' ' ')" "200 CONNECT 127.0.0.1:$port 200 CONNECT localhost:$port "
with stranger "proxy: $proxy"
run stranger 1
is "a proxy that wants credentials" "$(platform stranger)" proxy_refused
has "  says so" "$dir/stranger.out" '407'
with nowhere "proxy: http://127.0.0.1:1" "deadline: 100ms"
run nowhere 1
is "a proxy that is not there is no platform" "$(platform nowhere)" platform_unreachable
with plain
: >"$dir/proxy.log"
https_proxy=http://user:hush@127.0.0.1:$(cat "$dir/proxy.port")
export https_proxy
run plain 0
is "the environment's proxy" "$(sort -u "$dir/proxy.log" | wc -l)" 2
: >"$dir/proxy.log"
export no_proxy=localhost,127.0.0.1
run plain 0
is "  except for hosts of no_proxy" "$(wc -l <"$dir/proxy.log")" 0
unset https_proxy no_proxy

# -- HTTP/2 -----------------------------------------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/front.key" -out "$dir/front.pem" -days 2 -subj /CN=localhost \
	-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>"$dir/openssl.err"
# It takes no port 0: one that was free a moment ago.
front_port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
# shellcheck disable=SC2016 # nghttpx expands it
nghttpx --conf=/dev/null -n1 -k "-f127.0.0.1,$front_port" "-b127.0.0.1,$port;;tls" --no-ocsp --no-http2-cipher-block-list --accesslog-file="$dir/front.log" \
	--accesslog-format='$remote_port $alpn $request' --errorlog-file="$dir/front.err" -LNOTICE "$dir/front.key" "$dir/front.pem" &
front=$!
pids="$pids $front"
wait_for "nghttpx" grep -q 'Listening on' "$dir/front.err"
config http2 "$yaml" -e "s|^\\(  [a-z]*_url: .*:\\)$port\"|\\1$front_port\"|" -e "s|^  ca_file: .*/ca.pem\"|  ca_file: $dir/front.pem|"
run http2 0
wait_for "the last line of the log" eval "[ \$(wc -l <'$dir/front.log') -ge 14 ]"
is "14 requests: token, three pages, ten details" "$(wc -l <"$dir/front.log")" 14
is "  all of them in HTTP/2" "$(awk '{ print $2, $NF }' "$dir/front.log" | sort -u)" 'h2 HTTP/2'
is "  over one connection to each of the two hosts" "$(awk '{ print $1 }' "$dir/front.log" | sort -u | wc -l)" 2

# -- TLS --------------------------------------------------------------------------------------------------------------------------
# A library that would go down to TLS 1.0 by itself, so that it is our own limit that is seen.
cat >"$dir/openssl.cnf" <<END
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = low
[low]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
END
for version in 1_1 1_2; do
	OPENSSL_CONF=$dir/openssl.cnf openssl s_server -accept 127.0.0.1:0 -tls$version -cipher 'ALL:@SECLEVEL=0' -rev -key "$dir/front.key" \
		-cert "$dir/front.pem" >"$dir/tls$version.out" 2>&1 </dev/null &
	pids="$pids $!"
	wait_for "a server of TLS $version" grep -q '^ACCEPT 127' "$dir/tls$version.out"
	old=$(sed -n 's/^ACCEPT 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$dir/tls$version.out" | head -n 1)
	config "tls$version" "$yaml" -e 's|^platform:|&\n  deadline: 300ms|' -e "s|^\\(  [a-z]*_url: .*:\\)$port\"|\\1$old\"|" \
		-e "s|^  ca_file: .*/ca.pem\"|  ca_file: $dir/front.pem|"
	OPENSSL_CONF=$dir/openssl.cnf run "tls$version" 1
done
is "TLS 1.1 is not spoken" "$(platform tls1_1)" platform_unreachable
has "  and that is why" "$dir/tls1_1.out" 'SSL|TLS'
is "TLS 1.2 is, with one that speaks no HTTP" "$(platform tls1_2)" page_malformed

lab_end
is "the platform has no complaint" "$(cat "$dir/world/violations")" ''

# -- the ids of a refusal ---------------------------------------------------------------------------------------------------------
cat >"$dir/refusing.scenario" <<END
api refuse=403:missing.permissions
trunk one
END
lab refusing
config refused "$dir/refusing/trunkauditd.yaml"
run refused 1
is "a refusal keeps path, code and list" "$(sql refused 'SELECT path, status, code, message FROM refusals')" \
	'/api/v2/architect/trunk-connections[?]pageSize=100&pageNumber=1|403|missing.permissions|*permission(s): [[]telephony:plugin:all]'
is "  and the ids that support asks for" "$(sql refused "SELECT correlation_id LIKE '________-%', context_id LIKE '________-%', cf_id FROM refusals")" \
	'1|1|lab-cf-id=='
lab_end
finish
