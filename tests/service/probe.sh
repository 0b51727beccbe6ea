#!/bin/sh
# probe.sh [BUILD]: `trunkaudit probe`: one carrier without configuration or database. Its stages, its verdict, its JSON, its exit status.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
config schedule.interval=24h
config probe.spacing=0s
trunk udp extra=yes user=alice password=open-sesame
trunk tcp extra=yes transport=tcp user=alice password=open-sesame
trunk tls extra=yes transport=tls user=alice password=open-sesame
trunk proof extra=yes user=alice password=open-sesame rspauth=right nextnonce=yes
trunk none extra=yes auth=basic challenge=none
trunk refuses extra=yes user=alice password=open-sesame refuse=403
END
lab world
"$build/trunkaudit" --config "$dir/world/trunkauditd.yaml" run >/dev/null 2>"$dir/run.err"
target() { sqlite3 "$dir/world/audit.db" "SELECT carrier FROM latest WHERE trunk = '$1'"; }
printf 'open-sesame\n' >"$dir/right"
printf 'another\n' >"$dir/wrong"
ha1() { printf '%s' "alice:$2.lab.invalid:open-sesame" | "$1" | cut -d ' ' -f 1; }
ha1 md5sum udp >"$dir/ha1"
ha1 md5sum elsewhere >"$dir/ha1-elsewhere"
ha1 sha256sum udp >"$dir/ha1-sha"
chmod 600 "$dir/right" "$dir/wrong" "$dir"/ha1*
cp "$dir/right" "$dir/exposed"
chmod 644 "$dir/exposed"

# probe RC NAME ARGUMENT...: the output is in $dir/NAME.out
probe() {
	rc=$1 name=$2
	shift 2
	got=0
	"$build/trunkaudit" probe "$@" >"$dir/$name.out" 2>"$dir/$name.err" || got=$?
	is "$name: exit status" "$got" "$rc"
}

probe 0 udp --domain sip.udp.lab.invalid --user alice --password-file "$dir/right" "$(target udp)"
has "udp: asks without credentials first" "$dir/udp.out" '^ask REGISTER to 127\.[0-9.]+:[0-9]+ by UDP: 401 '
has "udp: shows the challenge" "$dir/udp.out" '^  challenge: Digest realm="udp\.lab\.invalid"'
has "udp: then answers" "$dir/udp.out" '^answer REGISTER .*digest-uri "sip:sip\.udp\.lab\.invalid", MD5, qop auth: 200 '
has "udp: and says what it means" "$dir/udp.out" '^pass ok: '
probe 0 ha1 --domain sip.udp.lab.invalid --user alice --ha1-file "$dir/ha1" "$(target udp)"
probe 1 ha1-elsewhere --domain sip.udp.lab.invalid --user alice --ha1-file "$dir/ha1-elsewhere" "$(target udp)"
has "ha1-elsewhere: the HA1 may be of another realm" "$dir/ha1-elsewhere.out" "^fail ha1_refused, indicated: "
probe 1 ha1-realm --domain sip.udp.lab.invalid --user alice --realm elsewhere.lab.invalid --ha1-file "$dir/ha1-elsewhere" "$(target udp)"
has "ha1-realm: says so" "$dir/ha1-realm.out" '^fail realm_mismatch: .*"udp\.lab\.invalid", the trunk is set to "elsewhere\.lab\.invalid"'
probe 1 ha1-sha --domain sip.udp.lab.invalid --user alice --ha1-file "$dir/ha1-sha" "$(target udp)"
has "ha1-sha: says so" "$dir/ha1-sha.out" '^fail algorithm_mismatch: .*the stored HA1 has 64 digits where it needs 32'
probe 0 options --method OPTIONS --transport udp --domain sip.udp.lab.invalid --user alice --password-file "$dir/right" "$(target udp)"
has "options: asks by OPTIONS" "$dir/options.out" '^answer OPTIONS .*: 200 '
probe 1 wrong --domain sip.udp.lab.invalid --user alice --password-file "$dir/wrong" "$(target udp)"
has "wrong: the cause" "$dir/wrong.out" '^fail wrong_password, indicated: '
probe 0 tcp --transport tcp --user alice --password-file "$dir/right" "$(target tcp)"
has "tcp: by TCP" "$dir/tcp.out" ' by TCP: 401 '
probe 0 tls --transport tls --domain sip.tls.lab.invalid --user alice --password-file "$dir/right" --ca "$dir/world/sip-ca.pem" "$(target tls)"
has "tls: what the handshake showed" "$dir/tls.out" '^  TLSv1\.[23] .* for DNS:sip\.tls\.lab\.invalid,'
probe 1 untrusted --transport tls --domain sip.tls.lab.invalid --user alice --password-file "$dir/right" "$(target tls)"
has "untrusted: the cause" "$dir/untrusted.out" '^fail tls_untrusted: '
probe 0 proof --user alice --password-file "$dir/right" "$(target proof)"
has "proof: says what came back" "$dir/proof.out" '^pass ok: .*, qop auth, rspauth right, nextnonce given'
lacks "udp: says nothing of what did not" "$dir/udp.out" 'rspauth|nextnonce'
probe 3 refuses --user alice --password-file "$dir/right" "$(target refuses)"
has "refuses: the cause" "$dir/refuses.out" '^untested refused_before_challenge: '
probe 0 none "$(target none)"
has "none: without credentials" "$dir/none.out" '^pass address_accepted: '
probe 0 json --json --domain sip.udp.lab.invalid --user alice --password-file "$dir/right" "$(target udp)"
is "json: one document with both exchanges" "$(sqlite3 :memory: "SELECT json_extract(readfile('$dir/json.out'), '$.cause') || ' ' ||
	json_array_length(readfile('$dir/json.out'), '$.evidence')")" 'ok 2'
probe 0 verbose -v --domain sip.udp.lab.invalid --user alice --password-file "$dir/right" "$(target udp)"
has "verbose: the messages" "$dir/verbose.out" '^Authorization: Digest username="alice"'
has "verbose: without the response" "$dir/verbose.out" 'response="redacted"'
probe 2 exposed --user alice --password-file "$dir/exposed" "$(target udp)"
has "exposed: says so" "$dir/exposed.err" 'others can read'
probe 2 absent --user alice --password-file "$dir/absent" "$(target udp)"
probe 2 no-target
probe 2 bad-target 'a b'
probe 2 bad-transport --transport sctp "$(target udp)"
probe 2 bad-method --method INVITE "$(target udp)"
probe 2 both --user alice --password-file "$dir/right" --ha1-file "$dir/ha1" "$(target udp)"
probe 2 no-secret --user alice "$(target udp)"
if grep -rqF open-sesame "$dir"/*.out "$dir"/*.err; then result 1 "no secret is printed"; else result 0 "no secret is printed"; fi

lab_end
is "the carriers have no complaint" "$(cat "$dir/world/violations")" ''
finish
