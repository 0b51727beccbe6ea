#!/bin/sh
# rules.sh BUILD: the rules of the house, above all "common/ never waits". It also plants one violation of each kind in a copy of the
# tree and sees that it is found, so that silence means something.
set -eu
build=${1:-build}
rules=$PWD/tests/house/rules.pl
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

complain() {
	echo "rules.sh: $*"
	bad=1
}

# -- the sources ----------------------------------------------------------------------------------------------------------
tests/house/tracked >"$tmp/files"
grep -q '^common/base\.h$' "$tmp/files" || complain "common/base.h is not among the files: nothing was checked"
xargs perl "$rules" <"$tmp/files" >"$tmp/found" || complain "rules.pl failed"
if [ -s "$tmp/found" ]; then
	cat "$tmp/found"
	bad=1
fi

# -- libcommon alone: complete without the daemon's libraries, and without calls that wait, tell or read the time -----------
echo 'int main(void) { return 0; }' >"$tmp/alone.c"
# shellcheck disable=SC2046 # the words are flags
cc -o "$tmp/alone" "$tmp/alone.c" -Wl,--whole-archive "$build/libcommon.a" -Wl,--no-whole-archive \
	$(pkg-config --libs sqlite3 libcrypto yaml-0.1) 2>"$tmp/link" || {
	tail -20 "$tmp/link"
	complain "libcommon.a does not link with sqlite3, crypto and yaml alone"
}
forbidden='socket|connect|bind|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|ppoll|select|pselect|epoll_wait|sleep|usleep|nanosleep'
forbidden="$forbidden|time|clock_gettime|gettimeofday|timespec_get|exit|_exit|abort|syslog|perror|stdout|stderr|fork|execv|execve|system|popen"
undefined_calls() {
	nm -A -u "$1" | grep -E " U ($forbidden|sd_[a-z_]*|curl_[a-z_]*|ares_[a-z_]*)(@.*)?\$" || true
}
undefined_calls "$build/libcommon.a" >"$tmp/calls"
[ ! -s "$tmp/calls" ] || complain "libcommon.a uses what waits, tells or reads the time:" "$(cat "$tmp/calls")"

# Writable data is state that a second instance would share.
writable_data() {
	size -A "$1" | awk '/:$|ex / { object = $1 } ($1 ~ /^\.(data|bss)(\..*)?$/) && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 { print object, $1, $2 }'
}
writable_data "$build/libcommon.a" >"$tmp/state"
[ ! -s "$tmp/state" ] || complain "libcommon.a has writable global data:" "$(cat "$tmp/state")"

# -- the check checked ------------------------------------------------------------------------------------------------------
plant() { # plant RULE FILE, the text on stdin: the rule must find it in a copy of the tree where FILE ends with it
	rule=$1 file=$2
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/$(dirname "$file")"
	[ ! -f "$file" ] || cp "$file" "$tmp/tree/$file"
	cat >>"$tmp/tree/$file"
	(cd "$tmp/tree" && perl "$rules" "$file") >"$tmp/found" || true
	grep -q ": $rule: " "$tmp/found" || complain "a planted violation of $rule in $file was not found"
}
innocent() { # the same, and nothing may be found
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/$(dirname "$1")"
	cat >"$tmp/tree/$1"
	(cd "$tmp/tree" && perl "$rules" "$1") >"$tmp/found"
	[ ! -s "$tmp/found" ] || complain "found where nothing is: $(cat "$tmp/found")"
}
for header in systemd/sd-event.h curl/curl.h ares.h sys/socket.h poll.h; do
	echo "#include <$header>" | plant common-never-waits common/base.h
done
echo '#include "../daemon/http.h"' | plant common-never-waits common/planted.c
echo '#include <syslog.h>' | plant common-never-logs common/planted.c
echo '#include <sqlite3.h>' | plant one-store daemon/planted.c
echo '#include <sqlite3.h>' | plant one-store common/trunk_planted.c
echo '#include <systemd/sd-journal.h>' | plant one-voice daemon/planted.c
for call in strcpy strcat sprintf vsprintf gets strtok atoi atol system popen alloca; do
	echo "void planted(void) { $call (x); }" | plant banned daemon/planted.c
done
echo 'void planted(void) { nanosleep(&t, NULL); }' | plant common-never-waits common/planted.c
echo 'void planted(void) { printf("x"); }' | plant common-never-logs common/planted.c
echo 'int64_t planted(void) { return time(NULL); }' | plant common-never-reads-time common/planted.c
printf 'int r = sd_event_add_time(e, &s, CLOCK_MONOTONIC,\n\tnow(a, b) + 5,\n\t0, on_time, u);\n' | plant accuracy daemon/planted.c
echo 'int r = sd_event_add_time_relative(e, &s, CLOCK_MONOTONIC, 5, UINT64_C(0), on_time, u);' | plant accuracy daemon/planted.c
echo 'int r = sd_event_add_time(e, &s, CLOCK_MONOTONIC, 5, on_time, u);' | plant accuracy daemon/planted.c
for word in TO""DO FIX""ME X""XX HA""CK; do
	echo "/* $word: later */" | plant left-for-later daemon/planted.c
done
seq 700 | plant size common/planted.c
echo x | plant secret tests/lab/ca.key
printf -- '-----BEGIN %sPRIVATE KEY-----\n' 'EC ' | plant secret tests/lab/planted.c
printf '/* strcpy(a, b) */\nint r = sd_event_add_time(e, &s, c, f(1, 0), 1000, g, u); puts("system(x)"); my_system(1); s->time(2);\n' |
	innocent daemon/planted.c

cat >"$tmp/planted.c" <<'END'
#include <time.h>
#include <stdio.h>
long count;
long planted(void);
long planted(void) { fputs("x", stderr); return count++ + time(NULL); }
END
(cd "$tmp" && cc -c planted.c && ar rcs planted.a planted.o)
[ "$(undefined_calls "$tmp/planted.a" | wc -l)" -eq 2 ] || complain "planted calls in an archive were not found"
[ -n "$(writable_data "$tmp/planted.a")" ] || complain "planted global data in an archive was not found"

exit $bad
