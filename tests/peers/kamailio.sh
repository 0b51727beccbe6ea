#!/bin/sh
# kamailio.sh [BUILD]: trunkaudit against Debian's Kamailio by UDP, TCP and TLS, in the ways of kamailio/kamailio.cfg, and the verdicts
# that kamailio/*.scenario state. Certificates are made here and thrown away. The lab writes the configuration and makes paths long; nothing of the carriers is the lab's.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- build
. tests/peers/lib.sh

build=$(cd "$1" && pwd)
here=$PWD/tests/peers/kamailio
tab=$(printf '\t')
password='Kangaroo, 42%40=' # as in the subscriber file
port=$((20000 + $$ % 300 * 30)) # away from those of a run at the same time, whose process id is near
mkdir "$dir/users"
cp "$here/subscriber" "$here/version" "$dir/users/" # db_text may write there
modules=$(echo "$(dirname "$(command -v kamailio)")"/../lib/*/kamailio/modules)

# -- certificates -------------------------------------------------------------------------------------------------------
certificates=$dir/certificates
mkdir "$certificates"

quietly() { # what openssl says of its progress matters when it fails
	"$@" >>"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
}

authority() { # authority NAME: its certificate is NAME.pem
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 400 -subj "/CN=$1 of the test" \
		-keyout "$certificates/$1.key" -out "$certificates/$1.pem"
}

certificate() { # certificate NAME AUTHORITY DAYS SUBJECTALTNAMES
	quietly openssl req -new -key "$certificates/key.pem" -subj "/CN=$1 of the test" -addext "subjectAltName=$4" -out "$certificates/$1.csr"
	quietly openssl x509 -req -in "$certificates/$1.csr" -copy_extensions copy -days "$3" -CA "$certificates/$2.pem" \
		-CAkey "$certificates/$2.key" -out "$certificates/$1.pem"
}

quietly openssl ecparam -name prime256v1 -genkey -noout -out "$certificates/key.pem"
authority ca
authority stranger
domains=$(sed 's/^#.*//' "$here"/*.scenario | grep -oE ' domain=[^ ]*\.test' | sort -u | sed 's/ domain=/DNS:/' | paste -sd ,)
certificate good ca 400 "$domains"
certificate soon ca 10 "$domains"
certificate expired ca -1 "$domains" # ended a day ago
certificate untrusted stranger 400 "$domains"
certificate client ca 400 DNS:audit.test

tls_profile() { # tls_profile ADDRESS METHOD CERTIFICATE [LINE...]
	profile=$1 method=$2 chain=$3
	shift 3
	printf '[server:%s]\nmethod = %s\nprivate_key = %s\ncertificate = %s\n' "$profile" "$method" "$certificates/key.pem" \
		"$certificates/$chain.pem"
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

# -- carriers -----------------------------------------------------------------------------------------------------------
# instance NAME [DEFINITION...]: starts one and sets port, for UDP and TCP, and tls_port.
instance() {
	name=$1
	shift
	set -- -A "USERS=\"text://$dir/users\"" -A "PASSWORD=\"$password\"" -A "CONTROL=\"unix:$dir/$name.ctl\"" -A "CERTIFICATES=\"$dir/$name.tls\"" "$@"
	tls_profile default TLSv1.2+ good >>"$dir/$name.tls"
	free_port; tls_port=$port
	free_port
	background kamailio -f "$here/kamailio.cfg" -L "$modules" -DD -E -m 32 -M 4 -w "$dir" -Y "$dir" \
		-l "udp:127.0.0.1:$port" -l "udp:[::1]:$port" -l "tcp:127.0.0.1:$port" -l "tcp:[::1]:$port" \
		-l "tls:127.0.0.1:$tls_port" -l "tls:[::1]:$tls_port" "$@"
	names="$names $name"
}

control() { # control NAME COMMAND...
	socket=unix:$dir/$1.ctl
	shift
	kamcmd -s "$socket" "$@" 2>>"$dir/log"
}

query() {
	sqlite3 -readonly -separator "$tab" "$db" "$1"
}

# seen TEXT TRUNK CONDITION: whether an exchange of that trunk is so.
seen() {
	is "$1" "$(query "SELECT count(*) > 0 FROM evidence WHERE trunk = (SELECT key FROM trunk WHERE name = '$2') AND $3")" 1
}

names=''
listener() { # listener METHOD CERTIFICATE [LINE...]: one more of the first instance, for TLS; sets port
	free_port
	tls_profile "127.0.0.1:$port" "$@" >>"$dir/plain.tls"
	listeners="$listeners -l tls:127.0.0.1:$port"
}
listeners=''
listener TLSv1.2 good; tls12=$port
listener TLSv1.2+ untrusted; untrusted=$port
listener TLSv1.2+ expired; expired=$port
listener TLSv1.2+ soon; soon=$port
listener TLSv1.2+ good 'verify_certificate = yes' 'require_certificate = yes' "ca_list = $certificates/ca.pem"; mutual=$port
listener TLSv1.2+ good 'verify_certificate = yes' 'require_certificate = yes' "ca_list = $certificates/stranger.pem"; aloof=$port
# shellcheck disable=SC2086 # a list
instance plain $listeners; plain=$port plain_tls=$tls_port
instance short -A NONCE_EXPIRE=1; short=$port short_tls=$tls_port
instance slow -A NONCE_EXPIRE=1; slow=$port slow_tls=$tls_port
instance two -A NONCE_EXPIRE=2; two=$port
instance sha -A 'ALGORITHM="SHA-256"' -A AUTHENTICATION_INFO; sha=$port sha_tls=$tls_port
instance once -A ONE_TIME_NONCE -A AUTHENTICATION_INFO; once=$port once_tls=$tls_port
instance count -A NONCE_COUNT -A AUTHENTICATION_INFO; count=$port count_tls=$tls_port
instance checks -A AUTH_CHECKS; checks=$port checks_tls=$tls_port
for name in $names; do
	tries=0
	until control "$name" core.version | grep -q kamailio; do
		tries=$((tries + 1))
		[ "$tries" -le 100 ] || { echo "kamailio $name did not start:" >&2; cat "$dir/log" >&2; exit 1; }
		sleep 0.1
	done
done
# Kamailio shares a port with whoever lets it.
for port in "$plain" "$short" "$slow" "$two" "$sha" "$once" "$count" "$checks"; do
	[ "$(grep -cE "(0100007F|7F000001):$(printf %04X "$port") " /proc/net/udp)" -eq 1 ] || { echo "port $port is somebody else's too" >&2; exit 1; }
done

# -- the run ------------------------------------------------------------------------------------------------------------
user="extra=yes user=trunk password=\"$password\""

over() { # over TRANSPORT PLAIN SHORT SLOW SHA ONCE COUNT CHECKS: the trunks for connections, with these ports
	local="$user transport=$1 target=127.0.0.1"
	sed -e "s/@over@/$1/; s/@plain@/$local:$2/; s/@plain6@/$user transport=$1 target=[::1]:$2/; s/@short@/$local:$3/" \
		-e "s/@slow@/$local:$4/; s/@sha@/$local:$5/; s/@once@/$local:$6/; s/@count@/$local:$7/; s/@checks@/$local:$8/" \
		"$here/connections.scenario"
}

tls="$user transport=tls target=127.0.0.1"
{
	sed -e "s/@plain@/$user target=127.0.0.1:$plain/; s/@plain6@/$user target=[::1]:$plain/; s/@plain-relay@/$user relay=127.0.0.1:$plain/" \
		-e "s/@short@/$user relay=127.0.0.1:$short/; s/@short-direct@/$user target=127.0.0.1:$short/" \
		-e "s/@once@/$user target=127.0.0.1:$once/; s/@once-relay@/$user relay=127.0.0.1:$once/" \
		-e "s/@sha@/$user target=127.0.0.1:$sha/; s/@count@/$user target=127.0.0.1:$count/" \
		-e "s/@checks@/$user target=127.0.0.1:$checks/" \
		"$here/kamailio.scenario"
	over tcp "$plain" "$short" "$slow" "$sha" "$once" "$count" "$checks"
	over tls "$plain_tls" "$short_tls" "$slow_tls" "$sha_tls" "$once_tls" "$count_tls" "$checks_tls"
	sed -e "s/@tls12@/$tls:$tls12/; s/@untrusted@/$tls:$untrusted/; s/@expired@/$tls:$expired/; s/@soon@/$tls:$soon/" \
		-e "s/@plain@/$tls:$plain_tls/; s/@no-tls@/$tls:$plain/; s/@mutual@/$tls:$mutual/; s/@aloof@/$tls:$aloof/" \
		-e "s#@certificates@#$certificates#" "$here/tls.scenario"
} >"$dir/kamailio.scenario"

set +e # from here a failure is a result
# shellcheck disable=SC2016 # the inner shell expands it
"$build/lab" "$dir/kamailio.scenario" --dir "$dir/lab" -- sh -c '
	sed "/name: \"407-401/,/realm:/{/realm:/d}" "$LAB_CONFIG" >"$LAB_DIR/kamailio.yaml"
	exec "$1/trunkaudit" --config "$LAB_DIR/kamailio.yaml" run' sh "$build" >"$dir/output" 2>&1 &
pids="$pids $!"
wait $! # not in the foreground: a signal must not wait for it
is 'the run ends, and some trunks failed' "$?" 1
db=$dir/lab/audit.db
query "SELECT trunk, outcome, cause, detail FROM latest" >"$dir/latest.tsv"
while IFS=$tab read -r _ trunk outcome cause; do
	is "$trunk: $cause" "$(grep "^$trunk$tab" "$dir/latest.tsv" | cut -f 2-)" "$outcome$tab$cause$tab*"
done <"$dir/lab/expected.tsv"
is 'right answers that may come too late are not called wrong' "$(query "
	SELECT count(*) FROM latest WHERE trunk LIKE 'late-%' AND cause IN ('ok', 'stale_nonce', 'stale_unsignalled',
		'retransmission_refused', 'refusal_unproven')")" 3
[ "$failed" -eq 0 ] || cat "$dir/output"

# Whether the carriers did what they are here for.
seen 'rspauth came, and was right' sha-256 "status = 200 AND response LIKE '%rspauth=\"%'"
seen 'the same with MD5' counted "status = 200 AND response LIKE '%rspauth=\"%'"
seen 'a stale nonce is called so' stale-signalled "credentialed AND response LIKE '%stale=true%'"
seen 'and is not, by default' stale "credentialed AND status = 401 AND response NOT LIKE '%stale%'"
seen 'a next nonce came, and another one' one-time "status = 200 AND response LIKE '%nextnonce=\"%' AND request NOT LIKE
	'%' || substr(response, instr(response, 'nextnonce=\"') + 11, 32) || '%'"
seen 'nonces were bound to their requests' checked "status = 401 AND response GLOB '*nonce=\"$(printf '?%.0s' $(seq 56))\"*'"
seen 'an answer was retransmitted' one-time-retransmitted 'status = 200 AND retransmissions > 0'
seen 'the retransmission of a good answer was refused' one-time-lost 'credentialed AND status = 401 AND retransmissions > 0'
seen 'the same with a nonce count' counted-lost 'credentialed AND status = 401 AND retransmissions > 0'
for over in '' -tcp -tls; do
	seen "two answers in one request $over" "407-401$over" \
		"status = 200 AND request LIKE '%Proxy-Authorization: Digest%' AND request LIKE '%' || char(10) || 'Authorization: Digest%'"
done
for over in tcp tls; do
	seen "rspauth by $over" "sha-256-$over" "status = 200 AND response LIKE '%rspauth=\"%'"
	seen "a stale nonce by $over is called so" "stale-signalled-$over" "credentialed AND response LIKE '%stale=true%'"
	is "all of it went by $over, and once" "$(query "
		SELECT max(retransmissions), group_concat(DISTINCT transport)
		FROM evidence JOIN evidence_target USING (run, trunk)
		WHERE trunk IN (SELECT key FROM trunk WHERE name LIKE '%-$over')")" "0${tab}$over"
done
is 'TLS was 1.2 where the carrier has no other, else 1.3' "$(query "
	SELECT group_concat(DISTINCT tls_protocol) FROM evidence_target WHERE trunk = (SELECT key FROM trunk WHERE name = 'tls-1.2')
	UNION ALL
	SELECT group_concat(DISTINCT tls_protocol) FROM evidence_target WHERE trunk = (SELECT key FROM trunk WHERE name = 'right-tls')" |
	paste -sd ' ')" 'TLSv1.2 TLSv1.3'
is 'Kamailio says where requests came' "$(grep -c "md5.test came to $soon" "$dir/log")" '[1-9]*'
is 'nothing was sent to whom is not trusted' "$(grep -cE "other.invalid came|came to ($untrusted|$expired|$aloof)" "$dir/log")" 0

# A nonce of Kamailio's lives from the second of its issue to the end of the second of its expiry: two to three seconds, and it says two.
printf 'Kangaroo, 42%%40=' >"$dir/password"
chmod 600 "$dir/password"
"$build/trunkaudit" probe --json --measure-nonce-lifetime --user trunk --password-file "$dir/password" --domain md5.test "127.0.0.1:$two" \
	>"$dir/lifetime.json" 2>>"$dir/log"
lifetime() { sqlite3 :memory: "SELECT $1 FROM (SELECT readfile('$dir/lifetime.json') AS j)"; }
is 'the lifetime of its nonces is measured' "$(lifetime "j ->> 'lifetime' || ' ' || (j ->> 'nonce_family') || ' ' || (j ->> 'nonce_lifetime_s')")" \
	'found Kamailio 2'
is 'and holds the true one' "$(lifetime "j ->> 'alive_s' <= 3 AND j ->> 'dead_s' >= 2")" 1
is 'with one refusal, or as stale' "$(lifetime "j ->> 'refused' <= 1")" 1

is 'the clock of Kamailio is ours, by its nonces' "$(query "SELECT carrier_source || ' ' || (abs(carrier_offset_ms) <= carrier_bound_ms) || ' ' ||
	nonce_family || ' ' || nonce_lifetime_s FROM history WHERE trunk = 'right'")" 'nonce 1 Kamailio 300'
is 'its one-time nonces say so' "$(query "SELECT DISTINCT nonce_policy FROM history WHERE trunk LIKE 'one-time%' AND outcome = 'pass'")" one-time
is 'and its counted ones' "$(query "SELECT nonce_policy FROM history WHERE trunk = 'counted'")" counted

is 'nobody got more than three answers' "$(query 'SELECT max(credentialed) FROM history')" 3
is 'no request has a contact' "$(query "SELECT count(*) FROM evidence WHERE request LIKE '%Contact%'")" 0
is 'and Kamailio saw none' "$(grep -c 'a contact came' "$dir/log")" 0
# -- lossy paths --------------------------------------------------------------------------------------------------------
sed -e "s/@plain-relay@/$user relay=127.0.0.1:$plain/; s/@once-relay@/$user relay=127.0.0.1:$once/" \
	-e "s/@count-relay@/$user relay=127.0.0.1:$count/" "$here/loss.scenario" >"$dir/loss.scenario"
# shellcheck disable=SC2016 # the inner shell expands it
"$build/lab" "$dir/loss.scenario" --dir "$dir/lossy" -- sh -c 'exec "$1/trunkaudit" --config "$LAB_CONFIG" run' sh "$build" \
	>"$dir/output" 2>&1 &
pids="$pids $!"
wait $!
db=$dir/lossy/audit.db
is 'every trunk has a verdict' "$(query "SELECT count(*) FROM latest WHERE cause NOT IN ('run_ended', 'probe_broken')")" 80
accepted="cause IN ('ok', 'retransmission_refused')"
is 'over a lossy path nothing right is called wrong' "$(query "
	SELECT trunk, outcome, cause, detail FROM latest WHERE trunk LIKE 'right-%' AND outcome <> 'untested' AND NOT $accepted")" ''
is 'most of it is accepted' "$(query "SELECT count(*) >= 40 FROM latest WHERE trunk LIKE 'right-%' AND $accepted")" 1
is 'nothing wrong passes' "$(query "SELECT count(*) FROM latest WHERE trunk LIKE 'wrong-%' AND outcome IN ('pass', 'warn')")" 0
is 'some of it is called so' "$(query "SELECT count(*) > 0 FROM latest WHERE trunk LIKE 'wrong-%' AND cause = 'wrong_password'")" 1
for kind in once counted; do
	is "a good answer sent again was refused: $kind" "$(query "
		SELECT count(*) > 0 FROM messages WHERE trunk LIKE 'right-$kind-%' AND status = 401 AND retransmissions > 0
			AND request LIKE '%Authorization: Digest%'")" 1
done

contacts=0
for name in $names; do
	contacts=$((contacts + $(control "$name" ul.dump | grep -c 'Address:')))
done
is 'nothing is registered' "$contacts" 0
control plain ul.add location trunk sip:trunk@127.0.0.1:9 60 1.0 s: 0 0 0
is 'a contact would be seen there' "$(control plain ul.dump | grep -c 'Address:')" 1
finish
