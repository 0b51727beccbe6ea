#!/bin/sh
# nonce_lifetime.sh [BUILD]: `trunkaudit probe --measure-nonce-lifetime` against carriers whose nonces live as long as is stated here, by the
# carrier's own clock. What is found must hold that lifetime, however slow this host is; the carriers count what they refused.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
trunk silent-2 extra=yes user=alice password=open-sesame nonce_life=2 stale=silent
trunk silent-3 extra=yes user=alice password=open-sesame nonce_life=3 stale=silent one_time=yes
trunk signalled-2 extra=yes user=alice password=open-sesame nonce_life=2
trunk signalled-3.3 extra=yes user=alice password=open-sesame nonce_life=3.3
trunk few extra=yes user=alice password=open-sesame nonce_life=3 stale=silent
trunk tcp extra=yes user=alice password=open-sesame nonce_life=2 stale=silent transport=tcp
trunk forbids extra=yes user=alice password=open-sesame nonce_life=2 stale=silent challenge=407
trunk far extra=yes user=alice password=open-sesame nonce_life=0.2 latency=300
trunk told extra=yes user=alice password=open-sesame nonce_life=2 stale=silent nonce=kamailio
trunk for-ever extra=yes user=alice password=open-sesame
trunk wrong extra=yes user=alice password=another
trunk doors extra=yes user=alice password=open-sesame challenge=407+401
trunk dated extra=yes user=alice password=open-sesame nonce=kamailio-once nonce_life=300 nonce_clock=60 date=gmt date_clock=60
trunk open extra=yes auth=basic challenge=none
END
lab world
target() { awk -v name="\"$1\"" '$2 == "name:" { at = $3 } at == name && $1 == "proxies:" { gsub(/[]["]/, "", $2); print $2; exit }' "$dir/world/trunkauditd.yaml"; }
printf 'open-sesame\n' >"$dir/right"
chmod 600 "$dir/right"

# measure NAME RANGE [ARGUMENT...]: in the background; the output is in $dir/NAME.out, the exit status in $dir/NAME.code.
measures=''
measure() {
	name=$1 range=$2
	shift 2
	{
		code=0
		"$build/trunkaudit" probe --json --measure-nonce-lifetime="$range" --user alice --password-file "$dir/right" "$@" "$(target "$name")" \
			>"$dir/$name.out" 2>"$dir/$name.err" || code=$?
		echo "$code" >"$dir/$name.code"
	} &
	measures="$measures $!"
}
field() { sqlite3 :memory: "SELECT json_extract(readfile('$dir/$1.out'), '$.$2')"; }

# found NAME SECONDS: the lifetime lies within what was found.
found() {
	is "$1: found" "$(cat "$dir/$1.code") $(field "$1" lifetime)" '0 found'
	is "$1: from $(field "$1" alive_s) to $(field "$1" dead_s) s holds $2 s" \
		"$(sqlite3 :memory: "SELECT 0$(field "$1" alive_s) <= $2 AND $2 <= $(field "$1" dead_s)")" 1
}

measure silent-2 0-5
measure silent-3 0-5
measure signalled-2 0-300
measure signalled-3.3 0-5
measure few 0-6 --answers 2
measure tcp 0-4 --transport tcp
measure forbids 0-4
measure far 0-5
measure told 0-300
measure for-ever 0-2
measure wrong 0-5
measure doors 0-5
measure open 0-4
# shellcheck disable=SC2086 # a list
wait $measures

found silent-2 2
found silent-3 3
found signalled-2 2
found signalled-3.3 3.3
found few 3
found tcp 2
found forbids 2
found far 0.2
found told 2
is "signalled-2: it was called stale" "$(field signalled-2 stale_signalled) $(field signalled-2 refused)" '1 0'
is "silent-2: it was not" "$(field silent-2 stale_signalled) $(field silent-2 refused)" '0 1'
is "few: with the answers that were allowed, one before and one after them" "$(field few answers)" '[1234]'
is "told: what the nonce says is tried first" "$(field told nonce_family) $(field told nonce_lifetime_s) $(field told answers)" 'Kamailio 2 [345]'
is "for-ever: longer than was asked" "$(cat "$dir/for-ever.code") $(field for-ever lifetime) $(field for-ever refused)" '0 longer 0'
is "for-ever: that long at least" "$(sqlite3 :memory: "SELECT $(field for-ever alive_s) >= 2.5")" 1
is "wrong: a fresh answer is refused, and nothing is aged" \
	"$(cat "$dir/wrong.code") $(field wrong lifetime) $(field wrong challenges) $(field wrong answers)" '[13] untested 1 1'
is "doors: says that it cannot tell" "$(cat "$dir/doors.code") $(field doors lifetime)" '3 untested'
is "open: without a challenge there is nothing to measure" "$(cat "$dir/open.code") $(field open lifetime)" '3 untested'

# As people see it.
"$build/trunkaudit" probe --measure-nonce-lifetime=0-0 --user alice --password-file "$dir/right" "$(target for-ever)" >"$dir/text.out" 2>"$dir/text.err"
has "text: each age" "$dir/text.out" '^nonce 0\.[0-9] s old: accepted$'
has "text: the result" "$dir/text.out" '^lifetime: longer than 0\.[0-9] s'
"$build/trunkaudit" probe --user alice --password-file "$dir/right" "$(target dated)" >"$dir/dated.out" 2>"$dir/dated.err"
has "probe: the carrier's clock" "$dir/dated.out" '^clock: \+[0-9]+\.[0-9] s \+- [0-9]+\.[0-9] s against this host.s, by both$'
has "probe: what its nonces tell" "$dir/dated.out" '^nonce: Kamailio, lives 300 s, one-time$'
"$build/trunkaudit" probe --json --user alice --password-file "$dir/right" "$(target dated)" >"$dir/dated-json.out" 2>"$dir/dated-json.err"
is "probe: both in JSON" "$(field dated-json nonce_family) $(field dated-json nonce_lifetime_s) $(field dated-json nonce_policy) $(
	field dated-json carrier_source)" 'Kamailio 300 one-time both'
usage() { # usage TEXT ARGUMENT...
	text=$1
	shift
	got=0
	"$build/trunkaudit" probe "$@" 127.0.0.1:9 >"$dir/usage.out" 2>"$dir/usage.err" || got=$?
	is "usage: $text" "$got" 2
}
for range in 5 5-4 0-301 a-b -1-5 0-5x; do
	usage "range $range" --measure-nonce-lifetime="$range" --user alice --password-file "$dir/right"
done
usage 'no user' --measure-nonce-lifetime
usage 'answers for nothing' --answers 3 --user alice --password-file "$dir/right"
usage 'no answers' --measure-nonce-lifetime --answers 0 --user alice --password-file "$dir/right"
if grep -rqF open-sesame "$dir"/*.out "$dir"/*.err; then result 1 "no secret is printed"; else result 0 "no secret is printed"; fi

lab_end
is "the carriers have no complaint" "$(cat "$dir/world/violations")" ''
is "no carrier refused more than one answer" "$(awk -F '\t' '$4 > 1' "$dir/world/carriers.tsv")" ''
is "and one whose nonces live on refused none" "$(awk -F '\t' '$1 == "for-ever" { print $4 }' "$dir/world/carriers.tsv")" 0
finish
