#!/bin/sh
# package.sh: `make deb` makes the same package from any place, time, user and umask; lintian finds nothing in it; it holds what
# `make install` puts in place, with the right permissions; and installing, upgrading, removing and purging it, in a tree of its own, leave
# what README.Debian says. What a running systemd does then is for tests/system.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
bad=0

complain() {
	echo "package.sh: $*"
	bad=1
}
give_up() {
	echo "package.sh: $*"
	exit 1
}
chmod 0755 "$tmp"
PATH=$PATH:/usr/sbin:/sbin

# -- twice the same -----------------------------------------------------------------------------------------------------------
TMPDIR="$tmp" sh packaging/deb.sh "$tmp/one" >"$tmp/log" 2>&1 || give_up "make deb:" "$(cat "$tmp/log")"
deb=$(find "$tmp/one" -name 'trunkauditd_*.deb')
[ -f "$deb" ] || give_up "make deb makes no package"

# Again elsewhere: without git, with files of another age, by another user where that can be had.
mkdir -p "$tmp/elsewhere/a longer path/tree"
(
	cd "$tmp/elsewhere/a longer path/tree"
	(cd "$OLDPWD" && tests/house/tracked >"$tmp/files" && tar -cf - -T "$tmp/files") | tar -xf -
	find . -exec touch -d '2020-02-29 12:00' {} +
)
as_another='' another=$(id -u)
if [ "$another" = 0 ]; then
	as_another='setpriv --reuid=65534 --regid=65534 --clear-groups' another=65534
	chown -R 65534:65534 "$tmp/elsewhere"
fi
(
	cd "$tmp/elsewhere/a longer path/tree"
	umask 077
	mkdir -p "$tmp/elsewhere/tmp"
	[ "$another" = "$(id -u)" ] || chown "$another:$another" "$tmp/elsewhere/tmp"
	# shellcheck disable=SC2086 # words
	exec $as_another env -i PATH="$PATH" HOME=/nonexistent TMPDIR="$tmp/elsewhere/tmp" TZ=Pacific/Auckland LC_ALL=C MAKEFLAGS= CFLAGS=-O0 \
		sh packaging/deb.sh "$tmp/elsewhere/two"
) >"$tmp/log" 2>&1 || give_up "make deb elsewhere:" "$(cat "$tmp/log")"
for one in "$tmp"/one/*.deb; do
	cmp "$one" "$tmp/elsewhere/two/${one##*/}" || complain "two builds of ${one##*/} differ"
done

# -- what is in it ---------------------------------------------------------------------------------------------------------------
lintian_says() { # lintian_says FILE: anything but what our overrides explain. It leaves temporary files behind.
	allow_root=''
	[ "$(id -u)" != 0 ] || allow_root=--allow-root
	TMPDIR=$tmp lintian ${allow_root:+"$allow_root"} --no-cfg --profile debian --display-info --pedantic --fail-on error,warning,info,pedantic \
		--suppress-tags initial-upload-closes-no-bugs "$1" >"$tmp/lintian" 2>&1
}
lintian_says "$(find "$tmp/one" -name '*.changes')" || complain "lintian:" "$(cat "$tmp/lintian")"
[ ! -s "$tmp/lintian" ] || complain "lintian:" "$(cat "$tmp/lintian")"

dpkg-deb -c "$deb" | awk '{ sub(/^\.\//, "", $6); sub(/\.gz$/, "", $6); print $1, $2, $6 }' >"$tmp/contents"
[ -z "$(awk '$2 != "root/root"' "$tmp/contents")" ] || complain "files of others than root:" "$(awk '$2 != "root/root"' "$tmp/contents")"
has() { # has MODE FILE
	grep -qxF -- "$1 root/root $2" "$tmp/contents" || complain "the package has no $1 $2, but:" "$(grep -F -- " $2" "$tmp/contents")"
}
has drwx------ etc/trunkauditd/credentials/
has -rw-r--r-- etc/trunkauditd/trunkauditd.yaml
has -rwxr-xr-x usr/sbin/trunkauditd
has -rwxr-xr-x usr/lib/trunkauditd/alert-hook
has -rwxr-xr-x usr/bin/trunkaudit
has -rw-r--r-- lib/systemd/system/trunkauditd.service
has -rw-r--r-- usr/lib/sysusers.d/trunkauditd.conf
has -rw-r--r-- usr/share/doc/trunkauditd/README.Debian
has -rw-r--r-- usr/share/doc/trunkauditd/examples/encrypted-credentials.conf
# All that is installed otherwise is in the package too, whatever directory it has there.
make -s install BUILD="${1:-build}" DESTDIR="$tmp/install" prefix=/usr sysconfdir=/etc
find "$tmp/install" ! -type d | sed 's,.*/,,' | sort -u >"$tmp/installed"
sed 's,.*/,,' "$tmp/contents" | sort -u >"$tmp/packaged"
[ "$(wc -l <"$tmp/installed")" -ge 12 ] || complain "make install puts hardly a file in place: nothing was compared"
for name in $(comm -23 "$tmp/installed" "$tmp/packaged"); do
	complain "make install puts $name in place, and the package does not have it"
done

dpkg-deb -e "$deb" "$tmp/control"
[ "$(cat "$tmp/control/conffiles")" = /etc/trunkauditd/trunkauditd.yaml ] || complain "other conffiles:" "$(cat "$tmp/control/conffiles")"
for script in postinst prerm postrm; do
	sh -n "$tmp/control/$script" || complain "$script is no script"
done
version=$(sed -n 's/^VERSION *:*= *//p' Makefile)
[ "$(dpkg-deb -f "$deb" Version)" = "$version" ] || complain "packaging/debian/changelog is not of $version"
dpkg-deb -x "$deb" "$tmp/unpacked"
"$tmp/unpacked/usr/bin/trunkaudit" --version | grep -qxF "trunkaudit $version" || complain "the packaged program is not $version"
hidden="$(strings -a "$tmp/unpacked/usr/sbin/trunkauditd" "$tmp/unpacked/usr/bin/trunkaudit" | grep -F -e "$tmp" -e "$PWD" | head -n 3)"
[ -z "$hidden" ] || complain "the programs know where they were built:" "$hidden"

# -- its life ---------------------------------------------------------------------------------------------------------------------
root=$tmp/host
mkdir -p "$root/etc" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/triggers" "$root/tmp"
: >"$root/var/lib/dpkg/status"
as_root=
[ "$(id -u)" = 0 ] || as_root='unshare --map-root-user'
package() { # package OPTION...: dpkg in that tree, with the maintainer scripts run from here
	# shellcheck disable=SC2086 # words
	DEB_SYSTEMD_HELPER_DEBUG='' $as_root dpkg --root="$root" --log=/dev/null --force-script-chrootless --force-depends --force-not-root "$@" \
		>"$tmp/dpkg" 2>&1 </dev/null || complain "dpkg $*:" "$(cat "$tmp/dpkg")"
}
there() { [ -e "$root$1" ] || complain "$when, $1 is gone"; }
gone() { [ ! -e "$root$1" ] || complain "$when, $1 is there"; }

package -i "$deb"
when='after the installation'
there /usr/sbin/trunkauditd
grep -q '^trunkauditd:.*:/var/lib/trunkauditd:/usr/sbin/nologin$' "$root/etc/passwd" || complain "$when, the account is not there"
[ "$(stat -c %a "$root/etc/trunkauditd/credentials")" = 700 ] || complain "$when, others may look at the credentials"
[ -z "$(find "$root/etc/systemd" -name 'trunkauditd*' 2>/dev/null)" ] || complain "$when, the service is enabled"

# What its admin and its runs leave, and a next version with another sample.
echo '# mine' >>"$root/etc/trunkauditd/trunkauditd.yaml"
echo secret >"$root/etc/trunkauditd/credentials/client"
mkdir -p "$root/var/lib/trunkauditd"
echo record >"$root/var/lib/trunkauditd/audit.db"
dpkg-deb -R "$deb" "$tmp/next"
sed -i "s/^Version: .*/Version: $version+1/" "$tmp/next/DEBIAN/control"
echo '# next' >>"$tmp/next/etc/trunkauditd/trunkauditd.yaml"
dpkg-deb --root-owner-group -b "$tmp/next" "$tmp/next.deb" >/dev/null
package --force-confold -i "$tmp/next.deb"
when='after the upgrade'
[ "$(tail -n 1 "$root/etc/trunkauditd/trunkauditd.yaml")" = '# mine' ] || complain "$when, the configuration is another"
[ "$(tail -n 1 "$root/etc/trunkauditd/trunkauditd.yaml.dpkg-dist")" = '# next' ] || complain "$when, the new sample is not beside it"
there /etc/trunkauditd/credentials/client
there /var/lib/trunkauditd/audit.db

package -r trunkauditd
when='after the removal'
gone /usr/sbin/trunkauditd
gone /lib/systemd/system/trunkauditd.service
there /etc/trunkauditd/trunkauditd.yaml
there /etc/trunkauditd/credentials/client
there /var/lib/trunkauditd/audit.db

package -P trunkauditd
when='after the purge'
gone /etc/trunkauditd
gone /var/lib/trunkauditd
grep -q '^trunkauditd:' "$root/etc/passwd" || complain "$when, the account is gone"
left=$(find "$root" -name '*trunkaudit*' ! -path "$root/var/lib/dpkg/*")
[ -z "$left" ] || complain "$when, these are left:" "$left"

exit $bad
