#!/bin/sh
# package.sh [BUILD]: the package as a Debian administrator knows packages: upgraded from the one before, with the configuration as it was
# edited and the database as it was, and a service that runs again; removed; installed again; purged.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

printf 'api\nconfig schedule.interval=24h\ntrunk good\ntrunk wrong secret=wrong\n' >"$dir/world.scenario"
machine
# The package before this one: it has another version, and its sample of the configuration lacks what came since.
dpkg-deb -R "$deb" "$dir/before"
sed -i 's/^Version: .*/Version: 0.0.9/' "$dir/before/DEBIAN/control"
sed -i '/^  # Probes at one time\.$/,/concurrency/d' "$dir/before/etc/trunkauditd/trunkauditd.yaml"
dpkg-deb --root-owner-group -b "$dir/before" "$dir/before.deb" >"$dir/before.err"
boot
# shellcheck disable=SC2016 # dpkg-query expands it
version() { inside dpkg-query -W -f '${Version} ${db:Status-Status}' trunkauditd; }
put_package "$dir/before.deb" || give_up "the package before is installed"
is "the package before is there" "$(version)" '0.0.9 installed'
world world
echo '# edited' >>"$root/etc/trunkauditd/trunkauditd.yaml"
cp "$root/etc/trunkauditd/trunkauditd.yaml" "$dir/edited.yaml"
inside systemctl enable --quiet --now trunkauditd || give_up "the service starts"
wait_for "the first run" recorded RUN_DONE
old=$(unit MainPID)

# -- upgrade ------------------------------------------------------------------------------------------------------------------------
put_package "$deb"
is "the upgrade succeeds" "$? $(version)" '0 [0-9]*.[0-9]* installed'
is "  the service runs again, as the new one" "$(unit ActiveState) $(unit SubState) $([ "$(unit MainPID)" != "$old" ] && echo new)" 'active running new'
is "  and is enabled as it was" "$(inside systemctl is-enabled trunkauditd)" enabled
is "  the configuration is as it was edited" "$(diff "$dir/edited.yaml" "$root/etc/trunkauditd/trunkauditd.yaml")" ''
is "  the new sample lies beside it" "$(grep -c concurrency "$root/etc/trunkauditd/trunkauditd.yaml.dpkg-dist")" '[1-9]*'
is "  the secrets are as they were" "$(inside stat -c '%a' /etc/trunkauditd/credentials)" 700
run_now
is "  the database goes on" "$(query "SELECT group_concat(id || state) FROM (SELECT id, state FROM run ORDER BY id)")" '1done,2done'

# A service that is not running is not started by an upgrade.
inside systemctl stop trunkauditd
put_package "$deb"
is "installed again: what did not run does not" "$? $(unit ActiveState)" '0 inactive'
inside systemctl start trunkauditd

# -- remove, install again, purge ---------------------------------------------------------------------------------------------------------
inside dpkg --remove trunkauditd >"$dir/remove.err" 2>&1
is "it is removed" "$? $(version)" '0 0.* config-files'
is "  the service is gone" "$(inside systemctl is-active trunkauditd) $(inside pgrep -c trunkauditd)" '* 0'
is "  and the programs are" "$(ls "$root/usr/sbin/trunkauditd" "$root/usr/bin/trunkaudit" 2>/dev/null)" ''
is "  configuration, secrets and database stay" "$(find "$root/etc/trunkauditd/trunkauditd.yaml" "$root/var/lib/trunkauditd/audit.db" | wc -l) $(find "$root/etc/trunkauditd/credentials" -type f | wc -l)" '2 [1-9]*'
put_package "$deb"
is "it is installed again" "$? $(version)" '0 * installed'
inside systemctl start trunkauditd || give_up "the service starts after it was installed again"
run_now
is "  and goes on with the same database" "$(query "SELECT max(id) FROM run WHERE state = 'done'")" '[3-9]'
inside dpkg --purge trunkauditd >"$dir/purge.err" 2>&1
is "it is purged while it runs" "$?" 0
is "  the service is gone" "$(inside pgrep -c trunkauditd)" 0
is "  and nothing of it is left but the account" "$(cd "$root" && find etc lib/systemd/system usr/share usr/lib var/lib/trunkauditd var/lib/systemd/deb* -iname '*trunkaudit*' -not -path '*/catalog/database' 2>/dev/null) $(inside id -un trunkauditd)" ' trunkauditd'
is "  systemd has nothing to complain of" "$(inside systemctl --failed --plain --no-legend)" ''
power_off
finish
