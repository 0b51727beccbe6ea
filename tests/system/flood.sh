#!/bin/sh
# flood.sh [BUILD]: a thousand trunks fail at once while journald limits the rate of what a service may say: nothing of ours is dropped, one
# message counts them all, and each is in the database.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

cat >"$dir/world.scenario" <<END
api allowed=100000
config schedule.interval=24h
config probe.spacing=0s
config guard.carrier_failures_per_10m=0
config guard.carrier_failures_per_hour=0
config guard.carrier_failures_per_day=0
trunk t%d count=1000
phase 2
trunk t%d count=1000 refuse=403
END
machine
# Far below what systemd allows by itself: a message for each trunk would be too many. journald allows some times more where a disk has room.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nRateLimitIntervalSec=2s\nRateLimitBurst=20\n' >"$root/etc/systemd/journald.conf.d/limit.conf"
boot
put_package "$deb" || give_up "the package is installed"
world world
inside systemctl start trunkauditd || give_up "the service starts"
wait_for "the first run" recorded RUN_DONE
is "a thousand trunks pass" "$(query 'SELECT trunks, passed FROM run WHERE id = 1')" '1000|1000'
phase 2
run_now
is "a thousand trunks fail" "$(query 'SELECT trunks, passed FROM run WHERE id = 2')" '1000|0'
is "  one message counts them" "$(events TRUNKS_SUMMARY) $(events TRUNK_FAILED)" '1 0'
read_journal
is "  it has the number" "$(entry TRUNKS_SUMMARY "j ->> 'MESSAGE'")" '*1000*'

# The limit is there: another service says a line for each trunk. What was dropped is told with its next line, when the interval is over.
# shellcheck disable=SC2016 # the shell inside expands it
inside systemd-run --quiet --unit=chatter sh -c 'for n in $(seq 1000); do echo "$n"; done; while sleep 1; do echo later; done'
dropped() { inside journalctl --quiet -o cat MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e | grep -F "$1"; }
wait_for "the limit of the rate" dropped chatter.service
is "another service that says a line for each is cut short" "$(dropped chatter.service | head -n 1)" 'Suppressed * messages from *'
run_now
is "nothing of ours is dropped" "$(dropped trunkauditd.service)" ''
power_off
finish
