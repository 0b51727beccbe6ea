#!/bin/sh
# rpm.sh BUILD: `make rpm` makes a package with all that `make install` puts in place. That an RPM system takes it is not tried.
set -eu
build=${1:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
bad=0

complain() {
	echo "rpm.sh: $*"
	bad=1
}

sh packaging/rpm.sh "$tmp" >"$tmp/log" 2>&1 || {
	echo "rpm.sh: make rpm:" "$(cat "$tmp/log")"
	exit 1
}
list() { rpm --define "_dbpath $tmp/db" -qp "$@" "$tmp"/*.rpm 2>"$tmp/err" || complain "rpm -qp:" "$(cat "$tmp/err")"; }
make -s install BUILD="$build" DESTDIR="$tmp/install" prefix=/usr sysconfdir=/etc
(cd "$tmp/install" && find . ! -type d) | sed -e 's/^\.//' -e 's,^.*/system/,,' | sort >"$tmp/installed"
list -l | sed -e 's/\.gz$//' -e 's,^.*/system/,,' | sort >"$tmp/packaged"
[ "$(wc -l <"$tmp/installed")" -ge 12 ] || complain "make install puts hardly a file in place: nothing was compared"
for file in $(comm -23 "$tmp/installed" "$tmp/packaged"); do
	complain "make install puts $file in place, and the package does not have it"
done
list --configfiles | grep -qx /etc/trunkauditd/trunkauditd.yaml || complain "the configuration is no configuration file"
list -lv | grep -q '^drwx------ .* root  *root .* /etc/trunkauditd/credentials$' || complain "others may look at the credentials"
[ "$(list --queryformat '%{VERSION}')" = "$(sed -n 's/^VERSION *:*= *//p' Makefile)" ] || complain "it has another version"

exit $bad
