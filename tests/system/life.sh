#!/bin/sh
# life.sh [BUILD]: a service's life under a real systemd: installed, started, asked, told by signals, hung, killed, stopped; what the journal
# has of it, who may read its database, and that nothing that was stored is lost.
set -u
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh

cat >"$dir/world.scenario" <<END
api
ntp
names answer=unknown
config schedule.interval=24h
config probe.timeout=20s
trunk good
trunk port uri=port
trunk wrong secret=wrong
trunk tls transport=tls
phase 2
trunk good refuse=403
phase 3
trunk good refuse=0 answer=silent
END
machine
boot
is "process 1 is systemd" "$(inside cat /proc/1/comm)" systemd
is "the machine is in order" "$(inside systemctl is-system-running)" running

# -- installed and started ------------------------------------------------------------------------------------------------------
put_package "$deb" || give_up "the package is installed"
is "the package does not start what is not configured" "$(unit LoadState) $(unit ActiveState) $(unit UnitFileState)" 'loaded inactive disabled'
is "  and brings the account, the group and the texts of the events" "$(inside id -nG trunkauditd) $(inside journalctl --list-catalog "$(id_of STARTED)" | wc -l)" \
	'trunkauditd 1'
world world
inside systemctl enable --quiet --now trunkauditd || give_up "the service starts"
wait_for "the first run" recorded RUN_DONE
is "the service is running" "$(unit ActiveState) $(unit SubState) $(unit NRestarts)" 'active running 0'
is "  and says what it does" "$(unit StatusText)" 'Idle until *; last: run 1: 2 pass, 0 warn, 2 fail, 0 untested'
is "the first run is at the start" "$(query 'SELECT state, "trigger", trunks FROM run')" 'done|start|4'
is "its secrets are the unit's credentials" "$(query 'SELECT group_concat(cause) FROM (SELECT cause FROM latest ORDER BY trunk)')" \
	'ok,uri_mismatch,ok,wrong_password'

# -- the journal ------------------------------------------------------------------------------------------------------------------
read_journal
is "an event has its fields" "$(entry TRUNK_FAILED "j ->> '_SYSTEMD_UNIT', j ->> 'TRUNKAUDIT_RUN', j ->> 'TRUNKAUDIT_OUTCOME',
	j ->> 'PRIORITY', length(j ->> 'TRUNKAUDIT_TRUNK_ID') > 0, length(j ->> 'TRUNKAUDIT_REMEDY') > 0")" 'trunkauditd.service|1|fail|3|1|1'
is "each failure has its own" "$(events TRUNK_FAILED)" 2
inside journalctl --quiet -x -o short -u trunkauditd TRUNKAUDIT_CAUSE=uri_mismatch >"$dir/explained"
has "  and journalctl -x explains it" "$dir/explained" 'Subject: Trunk port is not in order: uri_mismatch'
remedy=$(query "SELECT substr(remedy, 1, 40) FROM latest WHERE trunk = 'port'")
is "  with what to do" "$(grep -cF "$remedy" "$dir/explained")" '[1-9]*'
lacks "  and no field is left open" "$dir/explained" '@[A-Z_]+@'

# -- who may read -----------------------------------------------------------------------------------------------------------------
inside useradd --groups trunkauditd auditor
inside useradd stranger
as() { # as USER COMMAND...
	user=$1
	shift
	inside setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
}
count="SELECT count(*) FROM latest"
is "a member of the group reads the database" "$(as auditor sqlite3 /var/lib/trunkauditd/audit.db "$count")" 4
as auditor sqlite3 /var/lib/trunkauditd/audit.db "DELETE FROM run" >"$dir/deleted" 2>&1
has "  and cannot write it" "$dir/deleted" 'readonly|read-only'
as stranger sqlite3 /var/lib/trunkauditd/audit.db "$count" >"$dir/stranger" 2>&1
has "others cannot read it" "$dir/stranger" 'unable to open|denied'
as auditor trunkaudit status >"$dir/status" 2>&1
has "  the member's trunkaudit status works" "$dir/status" '^port +.*uri_mismatch'

# -- the doctor looks from where the service stands ---------------------------------------------------------------------------------
inside trunkaudit doctor >"$dir/doctor" 2>&1
line=$(grep -o 'systemd-run .*doctor$' "$dir/doctor" | head -n 1)
is "the doctor says how to look from inside" "$line" 'systemd-run * doctor'
inside sh -c "$line" >"$dir/inside.out" 2>"$dir/inside.log"
is "  which works" "$(grep -c '^FAIL' "$dir/inside.out")" 0
has "  with the unit's credentials" "$dir/inside.out" '^ok +unit credentials: the unit has loaded'
has "  and gets a token with them" "$dir/inside.out" '^ok +token: '

# -- signals ------------------------------------------------------------------------------------------------------------------------
phase 2
query "UPDATE run SET started_usec = started_usec - 8 * 86400000000 WHERE id = 1" # the weekly check is due
run_now
is "SIGUSR1 starts a run" "$(query 'SELECT state, "trigger" FROM run WHERE id = 2')" 'done|signal'
read_journal
is "  and what changed is told, alone" "$(entry TRUNK_FAILED "j ->> 'TRUNKAUDIT_RUN', j ->> 'TRUNKAUDIT_TRUNK', j ->> 'TRUNKAUDIT_CAUSE'") $(events TRUNK_FAILED)" \
	'2|good|refused_before_challenge 3'
# It is a process of its own, which all that the unit forbids must let live.
wait_for "the weekly check" recorded STORE_CHECKED
is "the database is looked through once in a week" "$(query "SELECT detail, times FROM upkeep WHERE deed = 'check'")" 'ok|1'
loads=$(events CONFIG_LOADED)
cp "$root/etc/trunkauditd/trunkauditd.yaml" "$dir/right.yaml"
echo 'nonsense: 1' >>"$root/etc/trunkauditd/trunkauditd.yaml"
inside systemctl reload trunkauditd
wait_for "the refusal" recorded CONFIG_REFUSED
is "a reload of an erroneous configuration changes nothing" "$(unit ActiveState) $(events CONFIG_LOADED)" "active $loads"
cp "$dir/right.yaml" "$root/etc/trunkauditd/trunkauditd.yaml"
inside systemctl reload trunkauditd
wait_for "the reload" recorded CONFIG_LOADED $((loads + 1))
is "a reload of a good one is in force" "$(unit ActiveState) $(unit NRestarts)" 'active 0'

# -- hung, killed -----------------------------------------------------------------------------------------------------------------
printf '[Service]\nWatchdogSec=2s\nRestartSec=200ms\n' | drop_in quick
restart
old=$(unit MainPID)
# shellcheck disable=SC2317 # wait_for calls it
replaced() { [ "$(unit NRestarts)" -ge "$1" ] && [ "$(unit ActiveState)" = active ] && [ "$(unit MainPID)" != "$old" ]; }
send STOP
wait_for "a restart" replaced 1
is "a service that hangs is ended by the watchdog" "$(inside journalctl --quiet -o cat _PID=1 | grep -c 'trunkauditd.service: Watchdog timeout')" 1
is "  and started again" "$(unit SubState) $(unit NRestarts)" 'running 1'

phase 3
send USR1
wait_for "a run to kill" run_is 3 running
query "SELECT * FROM run WHERE id < 3; SELECT * FROM results WHERE run < 3 ORDER BY run, trunk" >"$dir/before"
old=$(unit MainPID)
send KILL
wait_for "a restart" replaced 2
is "a killed service is started again" "$(unit SubState) $(unit NRestarts)" 'running 2'
wait_for "what is told of the run that broke" recorded RUN_BROKEN
query "SELECT * FROM run WHERE id < 3; SELECT * FROM results WHERE run < 3 ORDER BY run, trunk" >"$dir/after"
is "  nothing that was stored is lost" "$(wc -l <"$dir/before") $(diff "$dir/before" "$dir/after")" '10 '
is "  the run that was killed has its row" "$(query "SELECT state FROM run WHERE id = 3")" broken
is "  the database is whole" "$(query 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok

# -- stopped ------------------------------------------------------------------------------------------------------------------------
send USR1
wait_for "a run to stop" run_is 4 running
inside systemctl stop trunkauditd
is "it stops also within a run" "$(unit ActiveState) $(unit Result)" 'inactive success'
# The member is the first who reads it: root, who may write, would take the files away that he needs.
is "a member of the group reads it while it is stopped" "$(as auditor sqlite3 /var/lib/trunkauditd/audit.db "$count")" 4
is "  its results are stored" "$(query "SELECT state, (SELECT count(*) FROM result WHERE run = 4) FROM run WHERE id = 4")" 'aborted|4'
read_journal
is "its end is told" "$(entry STOPPED "j ->> 'PRIORITY'")" 6
is "nothing on its stderr, no trace of an error" "$(grep -c '"_TRANSPORT":"stdout"' "$dir/journal")" 0

power_off
is "the machine ended in order" "$(tail -n 3 "$dir/console.err" | tr -d '\r' | grep -c 'Failed')" 0
finish
