#!/bin/sh
# rpm.sh DIRECTORY: builds an RPM package from this tree with rpmbuild and leaves it in DIRECTORY. On a host that is not of RPM, what the
# build needs is taken to be there without asking rpm's database. Like deb.sh, it needs no root and no git, and writes nothing to the tree.
set -eu
out=$1
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CC SAN WERROR CFLAGS CPPFLAGS LDFLAGS BUILD VERSION DESTDIR
export LC_ALL=C.UTF-8
umask 022

mkdir -p "$out"
out=$(cd "$out" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

version=$(sed -n 's/^VERSION *:*= *//p' Makefile)
mkdir -p "$tmp/SOURCES" "$tmp/trunkauditd-$version"
tests/house/tracked >"$tmp/files"
tar -cf - -T "$tmp/files" | tar -xf - --no-same-owner -C "$tmp/trunkauditd-$version"
tar -cf "$tmp/SOURCES/trunkauditd-$version.tar" -C "$tmp" "trunkauditd-$version"

nodeps=
[ -e /etc/redhat-release ] || [ -e /etc/SUSE-brand ] || nodeps=--nodeps
# shellcheck disable=SC2086 # nothing, or one word
rpmbuild -bb $nodeps --define "_topdir $tmp" --define "trunkaudit_version $version" --define "debug_package %{nil}" \
	packaging/rpm/trunkauditd.spec >"$out/rpm.log" 2>&1 || {
	tail -n 40 "$out/rpm.log"
	echo "rpm.sh: the package could not be built ($out/rpm.log)" >&2
	exit 1
}
for file in "$tmp"/RPMS/*/*.rpm; do
	mv -f "$file" "$out/"
	echo "$out/${file##*/}"
done
