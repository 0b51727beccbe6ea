#!/bin/sh
# hook.sh [BUILD]: the hand-off of alerts by trunkauditd-alert@.service: one instance an incident, with the fields of the event in its
# environment, under an account that sees no secret; what was not taken waits, over a reboot too.
# shellcheck disable=SC2317 # a trap or wait_for calls what seems unreachable
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

cat >"$dir/world.scenario" <<'END'
api
config schedule.interval=24h
config alerts.spool_dir=/var/lib/trunkauditd/alerts
trunk good id=11111111-1111-4111-8111-111111111111
trunk wrong id=22222222-2222-4222-8222-222222222222 secret=wrong
trunk $(id>/var/lib/hook/own) id=33333333-3333-4333-8333-333333333333 uri=port
phase 2
trunk good refuse=403
END
machine
boot
put_package "$deb" || give_up "the package is installed"
world world
# What an administrator puts there: it notes its environment, and takes nothing while it is told not to.
cat >"$root/etc/trunkauditd/alert" <<'END'
#!/bin/sh
[ ! -e /var/lib/hook/refuse ] || exit 1
cat /etc/trunkauditd/credentials/* /run/credentials/*/* /proc/"$(pgrep -x trunkauditd)"/environ >/var/lib/hook/secrets 2>/dev/null
env >"/var/lib/hook/$TRUNKAUDIT_INCIDENT"
END
chmod 0755 "$root/etc/trunkauditd/alert"
inside install -d -o trunkauditd-alert -m 0755 /var/lib/hook
inside systemctl enable --quiet --now trunkauditd-alert.path || give_up "the hook is switched on"
inside systemctl enable --quiet --now trunkauditd || give_up "the service starts"

# shellcheck disable=SC2317 # wait_for calls these
taken() { [ "$(find "$root/var/lib/hook" -name '[1-9]*' | wc -l)" -ge "$1" ]; } # taken N: by the hook
# shellcheck disable=SC2317
nothing_waits() { [ -z "$(ls "$root/var/lib/trunkauditd/alerts")" ]; }
wait_for "the hook takes two alerts" taken 2
wait_for "nothing waits" nothing_waits
is "each incident is one call of the hook" "$(find "$root/var/lib/hook" -name '[1-9]*' | wc -l)" 2
file=$(grep -l '^TRUNKAUDIT_CAUSE=wrong_password$' "$root/var/lib/hook"/[1-9]*)
has "  with the fields of the event in its environment" "$file" '^TRUNKAUDIT_TRUNK=wrong$'
has "  what to do among them" "$file" '^TRUNKAUDIT_REMEDY=.'
has "  and the message" "$file" '^MESSAGE=wrong: fail, wrong_password'
is "  the incident is the database's" "$(sed -n 's/^TRUNKAUDIT_INCIDENT=//p' "$file")" "${file##*/}"
has "a name is data, whatever is in it" "$root/var/lib/hook/$(query "SELECT alert_id FROM incidents WHERE trunk LIKE '\$%'")" '^TRUNKAUDIT_TRUNK=\$\(id>/var/lib/hook/own\)$'
is "  and is not run" "$(ls "$root/var/lib/hook/own" 2>/dev/null)" ''
is "the hook sees no secret" "$(wc -c <"$root/var/lib/hook/secrets")" 0
is "instances are named by their incident" "$(inside journalctl --quiet -o cat -u 'trunkauditd-alert@*' | grep -c "Finished .* incident ${file##*/}\.")" 1

: >"$root/var/lib/hook/refuse"
phase 2
run_now
# shellcheck disable=SC2317
waits() { [ -n "$(ls "$root/var/lib/trunkauditd/alerts")" ] && inside journalctl --quiet -o cat -u 'trunkauditd-alert@*' | grep -q 'Failed with result'; }
wait_for "a hook that fails" waits
is "what the hook does not take waits" "$(find "$root/var/lib/trunkauditd/alerts" -type f | wc -l)" 1
is "  and the service goes on" "$(unit ActiveState) $(unit NRestarts)" 'active 0'
power_off
rm "$root/var/lib/hook/refuse"
boot
wait_for "the hook takes it after a reboot" taken 3
wait_for "nothing waits" nothing_waits
is "it is taken after a reboot" "$(grep -l '^TRUNKAUDIT_TRUNK=good$' "$root/var/lib/hook"/[1-9]* | wc -l)" 1
power_off
finish
