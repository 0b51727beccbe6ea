#!/bin/sh
# platform_password.sh [BUILD]: passwords that the platform tells. After a run of the service they are in no file, and in no byte of its
# memory. The passwords are those of the carriers, while the configuration has others, so that nothing but the page can have brought them.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<'END'
api profile=edges leak=yes
config schedule.interval=24h
trunk one secret=wrong
trunk two secret=wrong base=one
trunk three secret=wrong
END
lab world
world=$dir/world
config service "$world/trunkauditd.yaml"
start service
wait_for "the run" said service 'Run 1 done: 3 trunks'
told=$world/leaked
is "the platform told passwords" "$(sort -u "$told" | wc -l)" 2
is "no file has one" "$(grep -laFf "$told" "$dir/service.db"* "$dir/service.err" "$dir/service.out" "$dir/service.notify")" ''
pid=$(cat "$dir/service.pid")
# A sanitizer keeps what the TLS library freed as it was; elsewhere it is used again at once.
if [ "$(id -u)" -eq 0 ] && ! grep -q libasan "/proc/$pid/maps"; then
	finds=$(python3 tests/service/memory.py "$pid" "$told" 2>&1)
	result $? "the service's memory has none" "$finds"
	grep -om 1 'byoc_one' "$world/trunkauditd.yaml" >"$dir/known"
	is "the search finds what is there" "$(python3 tests/service/memory.py "$pid" "$dir/known" >/dev/null 2>&1 || echo found)" found
fi
stop service
lab_end world
is "carriers and platform have nothing to complain of" "$(cat "$world/violations")" ''
finish
