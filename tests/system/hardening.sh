#!/bin/sh
# hardening.sh [BUILD]: what the unit takes from the service is really gone. For each setting there is something that it forbids: that can be
# done without the unit, cannot with this setting alone, and cannot in the unit as it is installed. And the service works all the same.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

# SETTING USER COMMAND: the command succeeds when what the setting forbids can be done. `said` in place of a user: no user of this machine can
# do it anyway, so that only systemd's word is left that the setting is in force. `unit`: it succeeds in the unit.
cat >"$dir/probes" <<'END'
AmbientCapabilities said
CapabilityBoundingSet root ! grep -q '^CapBnd:[[:space:]]*0000000000000000$' /proc/self/status
NoNewPrivileges trunkauditd grep -q '^NoNewPrivs:[[:space:]]*0$' /proc/self/status
ProtectSystem root touch /etc/probe || touch /usr/probe || touch /var/lib/probe || touch /srv/probe
ProtectHome root ls /root/trunkauditd.deb || ls /home/auditor
PrivateTmp root ls /tmp/outside
PrivateDevices root ls /dev/probe
DevicePolicy said
PrivateUsers root grep -q '4294967295$' /proc/self/uid_map
PrivateMounts root test "$(readlink /proc/self/ns/mnt)" = "$(cat /var/lib/trunkauditd/namespace)"
ProtectHostname root hostname "$(cat /proc/sys/kernel/hostname)"
ProtectClock said
ProtectKernelTunables root echo 64 >/proc/sys/net/ipv4/ip_default_ttl
ProtectKernelModules root ls /usr/lib/modules/probe
ProtectKernelLogs said
ProtectControlGroups root mkdir "/sys/fs/cgroup/systemd$(sed -n 's/.*name=systemd://p' /proc/self/cgroup)/probe"
ProtectProc trunkauditd ls /proc/1/status
ProcSubset trunkauditd ls /proc/meminfo
RestrictAddressFamilies root perl -e 'socket(my $s, 16, 3, 0) or exit 1'
RestrictNamespaces root unshare --uts true
RestrictRealtime root chrt --rr 1 true
RestrictSUIDSGID root touch /var/lib/trunkauditd/probe && chmod 4755 /var/lib/trunkauditd/probe
LockPersonality root setarch --addr-no-randomize true
MemoryDenyWriteExecute root perl -e 'exit 1 if syscall(9, 0, 4096, 7, 34, -1, 0) == -1'
RemoveIPC said
KeyringMode said
SystemCallArchitectures said
SystemCallFilter root perl -e 'chroot "/" or exit 1; setpriority(0, 0, 5) or exit 1'
SystemCallErrorNumber unit perl -e 'chroot "/"; exit($! + 0 != 1)'
END

machine
boot
put_package "$deb" || give_up "the package is installed"
printf 'api\nntp\nnames answer=unknown\nconfig schedule.interval=24h\ntrunk good\ntrunk tls transport=tls\ntrunk named extra=yes target=carrier.lab.invalid:5060\n' >"$dir/world.scenario"
world world
inside useradd --create-home auditor
inside systemctl start trunkauditd || give_up "the service starts"
wait_for "a run" recorded RUN_DONE

# -- the running service ------------------------------------------------------------------------------------------------------------
pid=$(unit MainPID)
inside cat "/proc/$pid/status" >"$dir/status"
has "its system calls are filtered" "$dir/status" '^Seccomp:\s+2$'
has "it has no capability" "$dir/status" '^CapEff:\s+0+$'
has "  and can get none" "$dir/status" '^CapBnd:\s+0+$'
has "  nor by what it starts" "$dir/status" '^NoNewPrivs:\s+1$'
is "it is not root" "$(awk '/^Uid:/ { print $2 != 0 && $2 == $5 }' "$dir/status")" 1
inside cat "/proc/$pid/limits" >"$dir/limits"
has "it has secrets and dumps no core" "$dir/limits" '^Max core file size +0 +0 '
inside systemd-analyze security --no-pager trunkauditd >"$dir/security"
exposure=$(awk '/Overall exposure level/ { print int($(NF - 2) * 10 + 0.5) }' "$dir/security")
is "systemd's figure of its exposure is at most 1.2, running" "$exposure, $([ "$exposure" -le 12 ] && echo yes)" '*, yes'
is "TLS, name servers, journal and database work under all this" "$(query "SELECT group_concat(cause) FROM (SELECT cause FROM latest ORDER BY trunk)")" 'ok,name_not_found,ok'

# -- each setting -------------------------------------------------------------------------------------------------------------------
installed=$root/lib/systemd/system/trunkauditd.service
value() { sed -n "s/^$1=//p" "$installed" | tail -n 1; }
sed -n '/^AmbientCapabilities=/,/^\[Install\]/ s/^\([A-Z][A-Za-z]*\)=.*/\1/p' "$installed" | sort -u >"$dir/settings"
cut -d ' ' -f 1 "$dir/probes" | sort | diff "$dir/settings" - >"$dir/unknown"
is "each setting of the unit is looked at here" "$(cat "$dir/unknown")" ''

inside touch /tmp/outside
inside mknod /dev/probe c 1 3
mkdir -p "$root/usr/lib/modules/probe"
inside readlink /proc/1/ns/mnt >"$root/var/lib/trunkauditd/namespace"
chmod 0644 "$root/var/lib/trunkauditd/namespace"
cp "$dir/probes" "$root/usr/local/share/probes"
# probe SETTING...: prints those whose deed can be done.
cat >"$root/usr/local/bin/probe" <<'END'
while read -r setting user command; do
	case " $* " in
	*" $setting "*) ! sh -c "$command" >/dev/null 2>&1 </dev/null || echo "$setting" ;;
	esac
done </usr/local/share/probes
END
of() { awk -v user="$1" '$2 == user { print $1 }' "$dir/probes"; } # of USER: the settings that are tried as this user
alone() { inside systemd-run --quiet --wait --pipe --collect "$@"; }

for user in root trunkauditd; do
	# shellcheck disable=SC2046 # a list
	alone -p User=$user sh /usr/local/bin/probe $(of $user)
done | sort >"$dir/free"
is "without a unit all of it can be done" "$({ of root && of trunkauditd; } | sort | diff - "$dir/free")" ''

for user in root trunkauditd; do
	for setting in $(of $user); do
		set --
		while read -r line; do
			set -- "$@" -p "$line"
		done <<-END
			$(grep "^$setting=" "$installed")
		END
		alone -p User=$user "$@" sh /usr/local/bin/probe "$setting"
	done
done >"$dir/alone"
is "with one setting what it forbids cannot be done" "$(cat "$dir/alone")" ''

# The unit itself, with another program in it.
sed -e "s|^ExecStart=.*|ExecStart=sh /usr/local/bin/probe $({ of root && of trunkauditd && of unit; } | tr '\n' ' ')|" -e 's/^Type=.*/Type=oneshot/' -e '/^ExecReload/d' \
	-e '/^Watchdog/d' -e '/^Restart/d' -e '/^NotifyAccess/d' -e 's/^ExecStart=.*/&\nStandardOutput=truncate:\/root\/probed/' \
	"$installed" >"$root/etc/systemd/system/probe.service"
inside systemctl daemon-reload
inside systemctl start probe.service || give_up "another program in the unit"
is "in the unit none of it can be done, and trying kills nobody" "$(cat "$root/root/probed")" "$(of unit)"

for setting in $(of said); do
	is "$setting is in force" "$(unit "$setting")" "$(value "$setting")"
done

# -- what is left of it -----------------------------------------------------------------------------------------------------------------
alone -p User=auditor perl -e 'exit !shmget(0, 4096, 0600)'
is "shared memory outlives a service" "$(inside awk 'NR > 1' /proc/sysvipc/shm | wc -l)" 1
alone -p User=auditor -p RemoveIPC=yes perl -e 'exit !shmget(0, 4096, 0600)'
is "  not with RemoveIPC" "$(inside awk 'NR > 1' /proc/sysvipc/shm | wc -l)" 0
is "the state directory is the group's to read, and nobody else's" "$(inside stat -c '%U:%G %a' /var/lib/trunkauditd)" 'trunkauditd:trunkauditd 750'
is "  so is the database" "$(inside stat -c '%U:%G %a' /var/lib/trunkauditd/audit.db)" 'trunkauditd:trunkauditd 640'
is "the secrets are root's" "$(inside stat -c '%U:%G %a' /etc/trunkauditd/credentials /etc/trunkauditd/credentials/client_secret | tr '\n' ' ')" \
	'root:root 700 root:root 600 '

# -- at rest ------------------------------------------------------------------------------------------------------------------------------
rest=20 # seconds; tests/service/figures.sh measures for longer
printf '[Service]\nWatchdogSec=0\n' | drop_in unwatched
restart
# shellcheck disable=SC2317 # wait_for calls it
resting() { unit StatusText | grep -q '^Idle'; }
wait_for "the service rests" resting
sleep 2
switches() { inside cat "/proc/$(unit MainPID)/status" | awk '/ctxt_switches/ { n += $2 } END { print n }'; }
before=$(switches)
sleep $rest
is "without a watchdog nothing wakes it in $rest seconds" "$(($(switches) - before))" 0
echo "# $(inside grep -E '^(VmRSS|RssAnon)' "/proc/$(unit MainPID)/status" | tr -s '\t\n' '  ')"
power_off
finish
