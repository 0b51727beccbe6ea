#!/bin/sh
# docs.sh BUILD: documents and code say the same: the sample configuration has every key and no wrong one, the table of causes is whole,
# the commands and views that README, CONTRIBUTING and the operations guide name exist, NEWS knows the version.
# shellcheck disable=SC2013 # none of the words below has a space
set -eu
build=${1:-build}
sample=conf/trunkauditd.yaml
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

complain() {
	echo "docs.sh: $*"
	bad=1
}

# -- the configuration and the causes -----------------------------------------------------------------------------------------
# The library as these headers have it: an older one has other tables.
make -s BUILD="$build" "$build/libcommon.a" "$build/trunkaudit" "$build/trunkaudit-causes.7"
# shellcheck disable=SC2046 # the words are flags
cc -std=c17 -D_GNU_SOURCE -I. -o "$tmp/words" tests/house/words.c "$build/libcommon.a" $(pkg-config --cflags --libs sqlite3 libcrypto yaml-0.1)
"$tmp/words" "$sample" >"$tmp/manual" || complain "see above"

# The manual has ".SS section" and, under ".TP", "\fBkey\fR (...".
awk '$1 == ".SS" { section = $2 } /^\\fB/ { sub(/^\\fB/, ""); sub(/\\fR.*/, ""); print section "." $0 }' "$tmp/manual" | sort >"$tmp/keys.code"
[ "$(wc -l <"$tmp/keys.code")" -gt 30 ] || complain "the manual lists hardly a key: nothing was compared"
# The sample, keys that are commented out included.
awk '/^#? ?[a-z_]+:/ { line = $0; sub(/^#? ?/, "", line); sub(/:.*/, "", line); section = line; next }
	match($0, /^[ #-]*[a-z_0-9]+:( |$)/) { line = substr($0, 1, RLENGTH); gsub(/[^a-z_0-9]/, "", line); print section "." line }' \
	"$sample" | sort -u >"$tmp/keys.sample"
for key in $(comm -23 "$tmp/keys.code" "$tmp/keys.sample"); do
	complain "$sample does not have $key"
done
# The name of a credential is that of its file behind "secret_", as the unit loads it.
if sed 's/#.*//' "$sample" | grep -n 'credential: ' | grep -v 'credential: secret_[A-Za-z0-9_-]\+'; then
	complain "$sample names a credential that the unit does not load"
fi

# The manual of the causes is made of the table: each of its words stands there, and troff takes none of it for a request.
grep -c '^\.B [a-z]' "$build/trunkaudit-causes.7" >"$tmp/manual.causes" || complain "$build/trunkaudit-causes.7 has no causes"
[ "$(cat "$tmp/manual.causes")" -ge "$(grep -c '^CAUSE(' common/verdict.def)" ] || complain "$build/trunkaudit-causes.7 lacks causes"
if grep -n '^[.'"'"']' "$build/trunkaudit-causes.7" | grep -v -E ':\.(TH|SH|TP|B|BR|I|br)( |$)'; then
	complain "$build/trunkaudit-causes.7 has lines that troff takes for requests"
fi

# -- commands -------------------------------------------------------------------------------------------------------------------
# Indented blocks and `quoted code` of the pages.
for page in README.md CONTRIBUTING.md docs/operations.md; do
	awk '/^    / { print; next } { n = split($0, part, "`"); for (i = 2; i <= n; i += 2) print part[i] }' "$page"
done >"$tmp/code"
grep -q 'make run' "$tmp/code" || complain "README does not say make run: nothing was compared"
for target in $(grep -o '\<make [a-z][a-z-]*' "$tmp/code" | awk '{ print $2 }' | sort -u); do
	grep -q "^$target:" Makefile || complain "there is no make $target"
done
for script in $(grep -oE '\<(packaging|tests|\.ci)/[A-Za-z0-9_./-]+' "$tmp/code" | sort -u); do
	[ -e "$script" ] || [ -e "$script.c" ] || complain "there is no $script"
done
"$build/trunkaudit" --help >"$tmp/help"
for verb in $(grep -oE '\<trunkaudit [a-z][a-z-]+' "$tmp/code" | awk '{ print $2 }' | sort -u); do
	grep -qw -- "$verb" "$tmp/help" || complain "trunkaudit has no $verb"
done

# -- views ------------------------------------------------------------------------------------------------------------------------
views=$(sed -n 's/^CREATE VIEW \([a-z_]*\).*/\1/p' sql/views.sql)
[ -n "$views" ] || complain "no views found in sql/views.sql"
for view in $views; do
	grep -q "\`$view\`" docs/operations.md || complain "docs/operations.md does not name the view $view"
done
# Files that the guide names by the place where the package puts them, or by that in this tree.
for file in $(grep -ohE '(examples|docs)/[A-Za-z0-9_.-]+\.[a-z]+' README.md docs/operations.md | sort -u); do
	[ -e "$file" ] || complain "there is no $file"
done
for view in $(grep -oiE '\<from [a-z_]+' "$tmp/code" | awk '{ print $2 }' | sort -u); do
	echo "$views" | grep -qx "$view" || complain "there is no view $view"
done

# -- the version --------------------------------------------------------------------------------------------------------------------
version=$(sed -n 's/^VERSION *:*= *//p' Makefile)
grep -q "^$version\>" NEWS || complain "NEWS does not know $version"
"$build/trunkaudit" --version | grep -qF "$version" || complain "trunkaudit --version is not $version"

exit $bad
