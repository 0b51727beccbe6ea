#!/bin/sh
# profile.sh [BUILD [TRANSPORT]], after run.sh BUILD: instructions per audit of the product's probes, by callgrind. Counts repeat where times do
# not: the difference of two lengths of the same work, so that start and end cancel out.
set -eu
bench=${1:-build}/bench
transport=${2:-udp}
tmp=$(mktemp -d)
registrar=
end_all() {
	[ -z "$registrar" ] || kill "$registrar" 2>/dev/null || true
	rm -rf "$tmp"
}
trap end_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

"$bench/registrar" >"$tmp/port" &
registrar=$!
while kill -0 "$registrar" && [ ! -s "$tmp/port" ]; do
	sleep 0.05
done
port=$(sed -n 1p "$tmp/port")
for n in 500 2500; do
	valgrind -q --tool=callgrind --callgrind-out-file="$bench/callgrind.$n" "$bench/probe_bench" "$transport" "$port" "$n" 64 500 >/dev/null
done
short=$(awk '$1 == "totals:" { print $2 }' "$bench/callgrind.500")
long=$(awk '$1 == "totals:" { print $2 }' "$bench/callgrind.2500")
echo "instructions per audit: $(((long - short) / 2000))"
callgrind_annotate --inclusive=yes "$bench/callgrind.2500" >"$tmp/inclusive"
echo "inclusive, share of 2500 audits with start and end:"
# A function has one line more for each file that was inlined into it; the first is the largest.
sed -n '/file:function/,/^-- Auto/p' "$tmp/inclusive" |
	awk '{ sub(/ \[.*/, ""); name = $0; sub(/.*:/, "", name) } NR > 2 && NF > 2 && name !~ /^0x/ && !seen[name]++ { print; if (++n == 40) exit }'
