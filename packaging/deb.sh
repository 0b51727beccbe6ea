#!/bin/sh
# deb.sh DIRECTORY [VERSION]: builds the Debian package from this tree and leaves it in DIRECTORY. Needs what `packaging/dependencies.sh deb`
# installs, no root and no git. VERSION, when it is not the newest of packaging/debian/changelog, gets an entry of its own: for trying an
# upgrade. The tree itself is not written to: its files go into a temporary directory, where packaging/debian becomes debian/.
set -eu
out=$1
version=${2:-}

# What this build's make was told is not for the package's: it has options of its own, and the same package comes out everywhere.
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

mkdir "$tmp/tree"
tests/house/tracked >"$tmp/files"
tar -cf - -T "$tmp/files" | tar -xf - --no-same-owner -C "$tmp/tree"
cd "$tmp/tree"
mv packaging/debian debian
chmod 0755 debian/rules

newest=$(dpkg-parsechangelog -S Version)
if [ -n "$version" ] && [ "$version" != "$newest" ]; then
	{
		printf 'trunkauditd (%s) unstable; urgency=medium\n\n  * Built from the tree of %s.\n\n' "$version" "$newest"
		sed -n '/^ -- /{p;q}' debian/changelog
		echo
		cat debian/changelog
	} >"$tmp/changelog"
	cat "$tmp/changelog" >debian/changelog
fi

# Every file is as old as the changelog's newest entry: dpkg makes what is newer so old, but leaves what is older as it is.
find . -exec touch -h -d "@$(dpkg-parsechangelog -S Timestamp)" {} +

# Tests are for `make test`, unless DEB_BUILD_OPTIONS says otherwise.
if [ -z "${DEB_BUILD_OPTIONS+set}" ]; then
	export DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck
fi
dpkg-buildpackage -b -us -uc >"$out/deb.log" 2>&1 || {
	tail -n 40 "$out/deb.log"
	echo "deb.sh: the package could not be built ($out/deb.log); is everything there that packaging/dependencies.sh deb installs?" >&2
	exit 1
}
cd "$tmp"
for file in *.deb *.changes *.buildinfo; do
	mv -f "$file" "$out/$file"
	echo "$out/$file"
done
