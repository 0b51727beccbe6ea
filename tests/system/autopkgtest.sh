#!/bin/sh
# shellcheck disable=SC2016 # what stands in single quotes is for a shell of the machine
# autopkgtest.sh [BUILD]: the test that the package brings along (packaging/debian/tests) passes on a system that has only the package; and the
# example of encrypted secrets does what it says.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

machine
boot
put_package "$deb" || give_up "the package is installed"

sed -n 's/^Tests: //p' packaging/debian/tests/control | tr ' ' '\n' >"$dir/tests"
while read -r test; do
	install -m 0755 "packaging/debian/tests/$test" "$root/root/$test"
	inside sh -c 'AUTOPKGTEST_TMP=$(mktemp -d) "/root/$1"' sh "$test" >"$dir/$test.err" 2>&1 </dev/null
	is "the package's own test \"$test\" passes" "$?" 0
done <"$dir/tests"

# -- encrypted secrets ------------------------------------------------------------------------------------------------------------
mkdir -p "$root/etc/systemd/system/trunkauditd.service.d" "$root/etc/credstore.encrypted"
cp "$root/usr/share/doc/trunkauditd/examples/encrypted-credentials.conf" "$root/etc/systemd/system/trunkauditd.service.d/credentials.conf"
for name in client-secret syd-secondary; do
	inside sh -c 'printf "secret of %s" "$1" | systemd-creds encrypt --name="$1" - "/etc/credstore.encrypted/$1"' sh "$name" 2>"$dir/$name.err"
	is "$name is encrypted" "$(grep -c secret "$root/etc/credstore.encrypted/$name")" 0
done
sed -i 's/secret_nobody/syd-secondary/' "$root/etc/trunkauditd/trunkauditd.yaml"
inside systemctl daemon-reload
inside systemctl start trunkauditd
is "the service starts with encrypted secrets" "$? $(inside systemctl is-active trunkauditd)" '0 active'
is "  and has them" "$(inside cat /run/credentials/trunkauditd.service/client-secret)" 'secret of client-secret'
is "  nothing is said of one that is missing" "$(inside journalctl -o cat -u trunkauditd | grep -c syd-secondary)" 0
power_off
finish
