#!/bin/sh
# explain.sh [BUILD]: `trunkaudit explain`: what it takes, what it says, its JSON, its exit status, and that it keeps secrets.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

password='open%sesame'
user=alice realm=Carrier uri=sip:carrier.example:5060 nonce=dcd98b7102dd2f0e8b11d0f600bfb0c093
md5() { printf '%s' "$1" | md5sum | cut -d ' ' -f 1; }
# answer PASSWORD URI: the response to the challenge, made with coreutils.
answer() {
	ha1=$(md5 "$user:$realm:$1")
	ha2=$(md5 "REGISTER:$2")
	response=$(md5 "$ha1:$nonce:00000001:0a4f113b:auth:$ha2")
	echo "Digest username=\"$user\", realm=\"$realm\", nonce=\"$nonce\", uri=\"$2\", response=\"$response\", qop=auth, nc=00000001, cnonce=\"0a4f113b\""
}
challenge="Digest realm=\"$realm\", nonce=\"$nonce\", qop=\"auth\""
printf '%s\n' "$password" >"$dir/password"
printf 'another' >"$dir/another"
md5 "$user:$realm:$password" >"$dir/ha1"
echo nonsense >"$dir/bad-ha1"
chmod 600 "$dir/password" "$dir/another" "$dir/ha1" "$dir/bad-ha1"
cp "$dir/password" "$dir/exposed"
chmod 644 "$dir/exposed"
# messages FILE PASSWORD URI: as they are copied out of a terminal.
messages() {
	cat >"$1" <<-EOF
		10:00:00.100 10.0.0.2:5060 -> 10.0.0.1:5060
		    SIP/2.0 401 Unauthorized
		    CSeq: 1 REGISTER
		    WWW-Authenticate: $challenge
		    Content-Length: 0

		10:00:00.200 10.0.0.1:5060 -> 10.0.0.2:5060
		    REGISTER $uri SIP/2.0
		    CSeq: 2 REGISTER
		    Authorization: $(answer "$2" "$3")
		    Content-Length: 0

	EOF
}
messages "$dir/right" "$password" "$uri"
messages "$dir/mistake" "$password" sip:carrier.example
messages "$dir/other" whatever "$uri"
cat "$dir/right" "$dir/mistake" >"$dir/both"
cat "$dir/other" "$dir/mistake" >"$dir/worse"

# explain RC NAME ARGUMENT...: the output is in $dir/NAME.out; standard input is $dir/stdin.
: >"$dir/stdin"
explain() {
	rc=$1 name=$2
	shift 2
	got=0
	"$build/trunkaudit" explain "$@" >"$dir/$name.out" 2>"$dir/$name.err" <"$dir/stdin" || got=$?
	is "$name: exit status" "$got" "$rc"
}
json() { sqlite3 :memory: "SELECT json_extract(readfile('$dir/$1.out'), '$2')"; }

explain 0 right --message "$dir/right" --user "$user" --password-file "$dir/password"
has "right: says so" "$dir/right.out" '^pass answer_right: '
has "right: A1 without the password" "$dir/right.out" '^  A1 +alice:Carrier:\(password hidden\)$'
has "right: A2" "$dir/right.out" '^  A2 +REGISTER:sip:carrier\.example:5060$'
has "right: HA1 hidden" "$dir/right.out" '^  HA1 +\(hidden\)$'
has "right: HA2" "$dir/right.out" "^  HA2 +$(md5 "REGISTER:$uri")\$"
explain 0 ha1 --message "$dir/right" --ha1-file "$dir/ha1"
explain 1 mistake --message "$dir/mistake" --password-file "$dir/password"
has "mistake: is named" "$dir/mistake.out" '^fail uri_port: .*sent and hashed "sip:carrier\.example"'
has "mistake: with its remedy and rule" "$dir/mistake.out" '^  Use the Request-URI, .*\(RFC 3261 section 22\.4\)$'
explain 3 other --message "$dir/other" --password-file "$dir/password"
has "other: no mistake explains it" "$dir/other.out" '^untested answer_unexplained: '
explain 3 unchecked --message "$dir/right"
has "unchecked: wants a secret" "$dir/unchecked.out" '^untested answer_unchecked: '
explain 1 both --message "$dir/both" --password-file "$dir/password"
is "both: two answers" "$(grep -c '^answer: ' "$dir/both.out")" 2
explain 3 worse --message "$dir/worse" --password-file "$dir/password"

cp "$dir/mistake" "$dir/stdin"
explain 1 stdin --message - --password-file "$dir/password" --json
: >"$dir/stdin"
is "json: the cause" "$(json stdin '$.answers[0].cause')" uri_port
is "json: the finding" "$(json stdin '$.answers[0].findings[0].cause')" uri_port
is "json: the result" "$(json stdin '$.answers[0].result')" mistake
is "json: no HA1" "$(json stdin '$.answers[0].right.ha1')" ''
explain 0 json-two --json --message "$dir/right" --password-file "$dir/password"
is "json: hashed once" "$(json json-two '$.answers[0].hypotheses')" 1

# The two lines, with and without their names.
explain 0 lines --challenge "WWW-Authenticate: $challenge" --authorization "Authorization: $(answer "$password" "$uri")" --method REGISTER \
	--request-uri "$uri" --password-file "$dir/password"
explain 1 values --challenge "$challenge" --authorization "$(answer 'open%25sesame' "$uri")" --method REGISTER --request-uri "$uri" \
	--password-file "$dir/password"
has "values: the password's escapes" "$dir/values.out" '^fail password_percent: .*\(password with %-escapes\)$'
explain 1 header --challenge "Proxy-Authenticate: $challenge" --authorization "Authorization: $(answer "$password" "$uri")" --method REGISTER \
	--password-file "$dir/password"
has "header: the wrong one" "$dir/header.out" '^fail wrong_header: '
explain 1 realm --authorization "$(answer "$password" "$uri")" --challenge 'Digest realm="carrier", nonce="'$nonce'", qop="auth"' --method REGISTER \
	--realm Carrier --password-file "$dir/password"
has "realm: the configured one" "$dir/realm.out" '^fail realm_configured: '

explain 2 nothing
explain 2 challenge-only --challenge "$challenge"
explain 2 absent --message "$dir/absent"
explain 2 swapped --challenge "Authorization: $(answer x "$uri")" --authorization "$(answer x "$uri")"
has "swapped: says where it belongs" "$dir/swapped.err" 'give it to --authorization$'
explain 2 no-line --authorization nonsense
explain 2 empty --message "$dir/stdin"
has "empty: says what is missing" "$dir/empty.err" 'there is no Authorization'
explain 2 exposed --message "$dir/right" --password-file "$dir/exposed"
has "exposed: says so" "$dir/exposed.err" 'others can read'
explain 2 bad-ha1 --message "$dir/right" --ha1-file "$dir/bad-ha1"
explain 2 two-secrets --message "$dir/right" --ha1-file "$dir/ha1" --password-file "$dir/password"
explain 2 argument "$dir/right"
explain 2 other-option --message "$dir/right" --transport tcp

secret() { grep -lF -e "$password" -e "$(cat "$dir/ha1")" "$dir"/*.out "$dir"/*.err; }
is "no secret is printed" "$(secret)" ''
explain 1 shown --message "$dir/mistake" --password-file "$dir/password" --show-secrets
has "shown: A1" "$dir/shown.out" "^  A1 +alice:Carrier:$password\$"
has "shown: HA1" "$dir/shown.out" "^  HA1 +$(cat "$dir/ha1")\$"
is "what looks for secrets finds one" "$(secret)" "$dir/shown.out"
finish
