#!/bin/sh
# unit.sh BUILD: what `make install` puts down for systemd is right: the unit (as systemd reads it, and how exposed it leaves the service),
# the account, and one catalog entry for each event of daemon/event_ids.h, with known fields only.
set -eu
build=${1:-build}
exposure_max=12 # in tenths, as systemd-analyze takes it
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

complain() {
	echo "unit.sh: $*"
	bad=1
}

make -s install BUILD="$build" DESTDIR="$tmp/root" prefix=/usr sysconfdir=/etc
unit=$(find "$tmp/root" -name trunkauditd.service)

# -- the unit ---------------------------------------------------------------------------------------------------------------
if grep -n '@[a-z]*@' "$unit"; then
	complain "the installed unit has a path that was not filled in"
fi
mkdir "$tmp/verify"
# The program is not at its final place on this host, so let the unit name where it is now.
sed "s#^ExecStart=/usr/sbin/#ExecStart=$tmp/root/usr/sbin/#" "$unit" >"$tmp/verify/trunkauditd.service"
verify() {
	systemd-analyze verify --man=no "$tmp/verify/trunkauditd.service" >"$tmp/verify.log" 2>&1 && ! grep -q trunkauditd "$tmp/verify.log"
}
verify || complain "systemd-analyze verify:" "$(cat "$tmp/verify.log")"
security() {
	systemd-analyze security --offline=true --no-pager --threshold="$1" "$tmp/verify/trunkauditd.service" >"$tmp/security.log" 2>&1
}
security "$exposure_max" || complain "exposure:" "$(tail -1 "$tmp/security.log")"
if security 1; then
	complain "systemd-analyze security accepts everything: it proves nothing"
fi
for setting in Type=notify Restart=on-failure RestartPreventExitStatus=2 User=trunkauditd StateDirectory=trunkauditd; do
	grep -qx "$setting" "$unit" || complain "the unit lacks $setting"
done
echo 'NoSuchSetting=yes' >>"$tmp/verify/trunkauditd.service"
if verify; then
	complain "systemd-analyze verify accepts an unknown setting: it proves nothing"
fi

# -- the hook's units ----------------------------------------------------------------------------------------------------------
mkdir "$tmp/hook"
directory=$(dirname "$unit")
for name in trunkauditd-alert.path trunkauditd-alert.service trunkauditd-alert@.service; do
	if grep -n '@[a-z]*@' "$directory/$name"; then
		complain "the installed $name has a path that was not filled in"
	fi
	sed "s#/usr/lib/trunkauditd/#$tmp/root/usr/lib/trunkauditd/#" "$directory/$name" >"$tmp/hook/$name"
done
hook_units() {
	systemd-analyze verify --man=no "$tmp/hook/trunkauditd-alert.path" "$tmp/hook/trunkauditd-alert.service" \
		"$tmp/hook/trunkauditd-alert@1.service" >"$tmp/verify.log" 2>&1 && ! grep -q trunkauditd "$tmp/verify.log"
}
cp "$tmp/hook/trunkauditd-alert@.service" "$tmp/hook/trunkauditd-alert@1.service"
hook_units || complain "systemd-analyze verify:" "$(cat "$tmp/verify.log")"
systemd-analyze security --offline=true --no-pager --threshold=35 "$tmp/hook/trunkauditd-alert.service" >"$tmp/security.log" 2>&1 ||
	complain "exposure of trunkauditd-alert.service:" "$(tail -1 "$tmp/security.log")"
spool=$(sed -n 's/.*#spool_dir: //p' conf/trunkauditd.yaml)
[ -n "$spool" ] || complain "the sample configuration has no spool_dir: nothing was compared"
grep -qx "DirectoryNotEmpty=$spool" "$directory/trunkauditd-alert.path" || complain "trunkauditd-alert.path does not watch $spool"
[ "$(grep -c "alert-hook --.* $spool" "$directory/trunkauditd-alert.service" "$directory/trunkauditd-alert@.service" | awk -F: '{ n += $2 } END { print n }')" = 3 ] ||
	complain "the hook's units do not name $spool"
if grep -qE '^(NoNewPrivileges|SystemCall|RestrictAddressFamilies|PrivateDevices|DynamicUser|ProtectKernel)' "$directory/trunkauditd-alert@.service"; then
	complain "trunkauditd-alert@.service keeps a setgid sendmail from working"
fi
echo 'NoSuchSetting=yes' >>"$tmp/hook/trunkauditd-alert@1.service"
if hook_units; then
	complain "systemd-analyze verify accepts an unknown setting of the hook: it proves nothing"
fi

# -- the account --------------------------------------------------------------------------------------------------------------
mkdir -p "$tmp/accounts/etc"
systemd-sysusers --root="$tmp/accounts" "$tmp/root/usr/lib/sysusers.d/trunkauditd.conf" >"$tmp/sysusers.log" 2>&1 ||
	complain "systemd-sysusers:" "$(cat "$tmp/sysusers.log")"
grep -q '^trunkauditd:.*:/var/lib/trunkauditd:' "$tmp/accounts/etc/passwd" || complain "the account is not made as the unit needs it"
grep -q '^trunkauditd-alert:' "$tmp/accounts/etc/passwd" || complain "the account of the hook is not made"

# -- the catalog ----------------------------------------------------------------------------------------------------------------
mkdir -p "$tmp/root/var/lib/systemd/catalog"
if ! journalctl --root="$tmp/root" --update-catalog >"$tmp/catalog.log" 2>&1 || [ -s "$tmp/catalog.log" ]; then
	complain "journalctl --update-catalog:" "$(cat "$tmp/catalog.log")"
fi
grep -o '"[0-9a-f]\{32\}"' daemon/event_ids.h | tr -d '"' | sort >"$tmp/ids.code"
journalctl --root="$tmp/root" --list-catalog | awk '{ print $1 }' | sort >"$tmp/ids.catalog"
[ -s "$tmp/ids.code" ] || complain "no ids found in daemon/event_ids.h"
[ -z "$(uniq -d "$tmp/ids.code")" ] || complain "two events share an id"
diff "$tmp/ids.code" "$tmp/ids.catalog" || complain "daemon/event_ids.h (<) and the catalog (>) differ"
entries=$(wc -l <"$tmp/ids.code")
for header in Subject: Defined-By: Support:; do
	[ "$(grep -c "^$header ." systemd/trunkauditd.catalog)" = "$entries" ] || complain "not every catalog entry has $header"
done
# A field that no event carries would be shown by its name.
for field in $(grep -o '@[A-Z_]*@' systemd/trunkauditd.catalog | tr -d @ | sort -u); do
	grep -q "\"${field}[=\"]" daemon/journal.c || complain "the catalog uses $field, which daemon/journal.c does not send"
done

exit $bad
