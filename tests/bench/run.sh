#!/bin/sh
# run.sh [BUILD]: how fast the product audits, beside its peers, on loopback. Prints medians, ranges and ratios; nothing here passes or fails
# by time, only by wrong answers. Results stay in BUILD/bench/results. ROUNDS and AUDITS change how long it takes (about 3 minutes).
#
#   probe       the product's probes alone (probe_bench.c)
#   run         the whole `trunkaudit run`: configuration, pacing, database
#   sipp        Debian's sip-tester with its built-in authentication (register.xml)
#   floor       sendmmsg and recvmmsg of packets of that size, or bare connections (floor.c)
#
# All four keep the same number in flight, against one registrar that checks every answer, in turns: A B C D A B C D.
set -eu
build=${1:-build}
rounds=${ROUNDS:-7}
audits=${AUDITS:-20000}
in_flight=64
connections=$((audits / 4)) # TCP audits of one turn: each leaves a port behind for a while
run_trunks=4000
here=$(dirname "$0")
bench=$build/bench
results=$bench/results
pids=

say() {
	echo "run.sh: $*" >&2
}

# -- what is needed ---------------------------------------------------------------------------------------------------------
missing=
for tool in cc make pkg-config; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
command -v sipp >/dev/null || missing="$missing sip-tester"
pkg-config --exists nettle || missing="$missing nettle-dev"
pkg-config --exists libsystemd || missing="$missing libsystemd-dev"
if [ -n "$missing" ]; then
	say "missing packages:$missing; sh packaging/dependencies.sh build installs all but sip-tester"
	exit 2
fi

make --no-print-directory -s BUILD="$build" all >&2
mkdir -p "$bench"
bench=$(cd "$bench" && pwd)
results=$bench/results
: >"$results"
flags="-std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Wconversion"
products=$(find daemon -name '*.c' ! -name trunkaudit.c ! -name trunkauditd.c | sed "s,^\(.*\)c\$,$build/\1o,")
# shellcheck disable=SC2046,SC2086 # the words are flags and files without spaces
{
	cc $flags -o "$bench/measure" "$here/measure.c"
	cc $flags -o "$bench/floor" "$here/floor.c"
	cc $flags -o "$bench/registrar" "$here/registrar.c" $(pkg-config --cflags --libs nettle)
	cc $flags -I. -o "$bench/probe_bench" "$here/probe_bench.c" $products "$build/libcommon.a" \
		$(pkg-config --cflags --libs libsystemd libcurl libcares libssl libcrypto sqlite3 yaml-0.1)
}

# -- processes --------------------------------------------------------------------------------------------------------------
tmp=$(mktemp -d)
end_all() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$tmp"
}
trap end_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

start_registrar() { # start_registrar NAME [OPTION...]: sets registrar (its pid) and port
	name=$1
	shift
	: >"$tmp/$name" # there before it is read below
	"$bench/registrar" "$@" >"$tmp/$name" &
	registrar=$!
	pids="$pids $registrar"
	tries=0
	while port=$(sed -n 1p "$tmp/$name") && [ -z "$port" ]; do
		tries=$((tries + 1))
		if [ "$tries" -ge 100 ] || ! kill -0 "$registrar" 2>/dev/null; then
			say "the registrar $name did not start"
			exit 1
		fi
		sleep 0.05
	done
}

end_registrar() { # end_registrar PID
	kill "$1"
	wait "$1" || true
	left=
	for pid in $pids; do
		[ "$pid" = "$1" ] || left="$left $pid"
	done
	pids=$left
}

counted() { # counted NAME WHAT: of a registrar that has ended
	sed -n "2s/.*\\<$2 \\([0-9]*\\).*/\\1/p" "$tmp/$1"
}

measured() { # measured LABEL AUDITS COMMAND...: in the background, so that a signal ends it too
	"$bench/measure" "$results" "$@" >"$tmp/output" 2>&1 </dev/null &
	client=$!
	pids="$pids $client"
	wait "$client" || {
		say "$1 failed:"
		tail -n 20 "$tmp/output" >&2
		exit 1
	}
	pids=${pids% "$client"}
}

# -- the clients ------------------------------------------------------------------------------------------------------------
config_for() { # config_for NAME PORT TRUNKS CARRIERS SPACING CONCURRENCY TRANSPORT
	umask 077
	printf 'open-sesame' >"$tmp/password"
	{
		printf 'store:\n  path: %s/%s.db\n' "$tmp" "$1"
		printf 'probe:\n  spacing: %s\n  concurrency: %s\n' "$5" "$6"
		printf 'trunks:\n'
		awk -v port="$2" -v n="$3" -v carriers="$4" -v transport="$7" -v password="$tmp/password" 'BEGIN {
			for (i = 0; i < n; i++)
				printf "  - {name: trunk-%05d, extra: true, authentication: digest, username: trunk-%05d, password: {file: %s}, " \
					"domain: bench.example, transport: %s, proxies: [\"127.0.0.%d:%d\"]}\n", i, i, password, transport, 1 + i % carriers, port
		}'
	} >"$tmp/$1.yaml"
	umask 022
}

probe() { # probe LABEL TRANSPORT PORT AUDITS CONCURRENCY TRUNKS
	label=$1
	shift
	measured "$label" "$3" "$bench/probe_bench" "$@"
}
run() { # run LABEL CONFIG AUDITS
	measured "$1" "$3" "$build/trunkaudit" --config "$tmp/$2.yaml" run
}
sipp_register() { # sipp_register LABEL MODE PORT AUDITS; from another address in each round, as sipp binds ports that were used just now
	measured "$1" "$4" sipp "127.0.0.1:$3" -sf "$here/register.xml" -auth_uri bench.example -i "127.0.1.$((round + 1))" -t "$2" -m "$4" -l "$in_flight" \
		-r 100000 -timer_resol 1 -nostdin -max_socket 10000
}

# -- tables -----------------------------------------------------------------------------------------------------------------
statistics='
function sort(a, n,    i, j, v) { for (i = 2; i <= n; i++) { v = a[i]; for (j = i - 1; j >= 1 && a[j] > v; j--) a[j + 1] = a[j]; a[j + 1] = v } }
function median(a, n) { return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }'

rates() { # rates LABEL...: one line each; then the ratios of CPU to the label before
	awk -v wanted="$*" "$statistics"'
	{ n[$1]++; w[$1, n[$1]] = $2 / $4; c[$1, n[$1]] = $2 / ($5 + $6); u[$1, n[$1]] = 1e6 * $5 / $2; s[$1, n[$1]] = 1e6 * $6 / $2 }
	function column(x, label,    i, a) { for (i = 1; i <= n[label]; i++) a[i] = x[label, i]; sort(a, n[label]); low = a[1]; high = a[n[label]]; return median(a, n[label]) }
	END {
		printf "%-10s %28s %28s %16s\n", "", "audits per second", "audits per CPU second", "CPU us per audit"
		printf "%-10s %28s %28s %16s\n", "", "median (range)", "median (range)", "user + system"
		k = split(wanted, labels)
		for (i = 1; i <= k; i++) {
			l = labels[i]
			printf "%-10s", l
			m = column(w, l); printf " %8.0f (%7.0f..%7.0f)  ", m, low, high
			cpu[l] = column(c, l); printf "%8.0f (%7.0f..%7.0f)  ", cpu[l], low, high
			printf "%6.1f + %5.1f\n", column(u, l), column(s, l)
		}
		for (i = 2; i <= k; i++)
			printf "%s / %s, per CPU second: %.2f\n", labels[1], labels[i], cpu[labels[1]] / cpu[labels[i]]
	}' "$results"
}

rest() { # rest LABEL FLOOR: where the CPU time goes, by medians
	awk -v l="$1" -v f="$2" "$statistics"'
	$1 == l { u[++n] = 1e6 * $5 / $2; s[n] = 1e6 * $6 / $2 }
	$1 == f { k[++m] = 1e6 * ($5 + $6) / $2 }
	END {
		sort(u, n); sort(s, n); sort(k, m)
		own = median(u, n); kernel = median(s, n); packets = median(k, m)
		printf "%s: %.1f us are the packets alone (%s), %.1f us more in the kernel, %.1f us our own (by function: profile.sh)\n", l, packets, f, kernel - packets, own
	}' "$results"
}

walls() { # walls LABEL FLOOR TEXT
	awk -v l="$1" -v floor="$2" -v text="$3" "$statistics"'
	$1 == l { a[++n] = $4 }
	END { sort(a, n); printf "%-66s %7.3f s (%.3f..%.3f), floor %7.3f s: %.2f x\n", text, median(a, n), a[1], a[n], floor, median(a, n) / floor }' "$results"
}

peak() { # peak LABEL: KiB, median
	awk -v l="$1" "$statistics"' $1 == l { a[++n] = $7 } END { sort(a, n); print median(a, n) }' "$results"
}

per_trunk() { # per_trunk LABEL BASE N TEXT
	echo "$(peak "$1") $(peak "$2")" | awk -v n="$3" -v text="$4" '{ printf "%-66s %6.1f KiB (%d - %d KiB over %d)\n", text, ($1 - $2) / n, $1, $2, n }'
}

# -- UDP --------------------------------------------------------------------------------------------------------------------
echo "processors: $(nproc), rounds: $rounds, audits: $audits ($run_trunks trunks in a whole run), in flight: $in_flight"
start_registrar checks
checks=$registrar checks_port=$port
start_registrar echoes --echo
echo_port=$port
config_for udp "$checks_port" "$run_trunks" 1 0s "$in_flight" udp
run warm-up udp "$run_trunks" # the first run of a database keeps all evidence; hourly ones do not
round=0
while [ "$round" -lt "$rounds" ]; do
	probe probe udp "$checks_port" "$audits" "$in_flight" 1000
	sipp_register sipp u1 "$checks_port" "$audits"
	run run udp "$run_trunks"
	measured floor "$audits" "$bench/floor" udp "$echo_port" "$audits" "$in_flight"
	round=$((round + 1))
done
end_registrar "$checks"
echo
echo "UDP"
rates probe sipp run floor
rest probe floor
echo "registrar: $(sed -n 2p "$tmp/checks")"
expected=$((run_trunks + rounds * (2 * audits + run_trunks)))
if [ "$(counted checks refused)" -ne 0 ] || [ "$(counted checks malformed)" -ne 0 ] || [ "$(counted checks accepted)" -lt "$expected" ]; then
	say "not every answer was right: $expected were to be accepted"
	exit 1
fi

# -- TCP: a connection for each audit -----------------------------------------------------------------------------------------
start_registrar tcp
tcp=$registrar
speaks_tcp=
if "$bench/probe_bench" tcp "$port" 1 1 1 >/dev/null 2>&1; then
	end_registrar "$tcp"
	[ "$(counted tcp connections)" -eq 0 ] || speaks_tcp=1
else
	end_registrar "$tcp"
fi
start_registrar tcp
tcp=$registrar
round=0
while [ "$round" -lt "$rounds" ]; do
	[ -z "$speaks_tcp" ] || probe tcp-probe tcp "$port" "$connections" "$in_flight" 1000
	sipp_register tcp-sipp tn "$port" "$connections"
	measured tcp-floor "$connections" "$bench/floor" tcp "$echo_port" "$connections" 1
	round=$((round + 1))
done
end_registrar "$tcp"
echo
echo "TCP, one connection per audit"
if [ -n "$speaks_tcp" ]; then
	rates tcp-probe tcp-sipp tcp-floor
	rest tcp-probe tcp-floor
else
	echo "(the product's probes do not use TCP yet)"
	rates tcp-sipp tcp-floor
fi
echo "registrar: $(sed -n 2p "$tmp/tcp")"
if [ "$(counted tcp refused)" -ne 0 ] || [ "$(counted tcp malformed)" -ne 0 ]; then
	say "not every answer was right"
	exit 1
fi

# -- wall time at 150 ms ------------------------------------------------------------------------------------------------------
start_registrar far --delay-msec 150 --addresses 16
config_for at-once "$port" 1000 1 0s 1000 udp
config_for spaced "$port" 1000 1 2ms 1000 udp
config_for default "$port" 1000 16 100ms 64 udp
round=0
while [ "$round" -lt 3 ]; do
	probe far-probe udp "$port" 1000 1000 1000
	run far-at-once at-once 1000
	run far-spaced spaced 1000
	run far-default default 1000
	round=$((round + 1))
done
echo
echo "Wall time of 1000 trunks at a round trip of 150 ms; the floor is two round trips, and the spacing at one carrier"
walls far-probe 0.3 "probe, all at once"
walls far-at-once 0.3 "run, one carrier, spacing 0s, concurrency 1000"
walls far-spaced 2.298 "run, one carrier, spacing 2ms, concurrency 1000"
walls far-default 6.5 "run, 16 carriers, spacing 100ms and concurrency 64 (the defaults)"

# -- memory -------------------------------------------------------------------------------------------------------------------
config_for one "$port" 1 1 0s 400 udp
config_for few "$port" 4000 1 0s 400 udp
config_for many "$port" 4000 1 0s 4000 udp
run first-one one 1
run first-few few 4000
run first-many many 4000
round=0
while [ "$round" -lt 3 ]; do
	for n in 1 1000 5000; do
		probe "held-$n" udp "$port" "$n" "$n" 5000
	done
	run held-one one 1
	run held-few few 4000
	run held-many many 4000
	round=$((round + 1))
done
echo
echo "Memory: difference of the peaks of two processes"
per_trunk held-1000 held-1 1000 "probe, per trunk in flight, 1000"
per_trunk held-5000 held-1 5000 "probe, per trunk in flight, 5000"
per_trunk held-many held-few 3600 "run of 4000 trunks, per trunk in flight (4000 instead of 400)"
per_trunk held-few held-one 3999 "run, per trunk of the run (4000 instead of 1), 400 in flight"
