#!/bin/sh
# alerts.sh [BUILD]: what is told and what is not: silences, flapping, credentials untested for long, runs that do not end; and the hook,
# from the files it is given to the programs that are shown as examples.
# shellcheck disable=SC2016 # what is in single quotes is for others to expand, or for nobody
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
hook=$PWD/systemd/alert-hook
examples=$PWD/examples
spool=$dir/alerts

# A carrier whose realm is an attack on whatever reads it.
cat >"$dir/world.scenario" <<END
api
config schedule.interval=24h
config schedule.splay=0s
config probe.spacing=0s
trunk good extra=yes
trunk bad extra=yes secret=wrong
trunk evil extra=yes cfg_realm=carrier.example realm="\$(touch pwned);\`touch pwned\`'|\\TRUNKAUDIT_RUN=7"
END
lab world
all=$dir/world/trunkauditd.yaml
spooled() { sed "s|^store:|alerts:\n  spool_dir: \"$spool\"\n&|" "$1"; }
grep -q '^alerts:' "$all" && give_up "the lab's configuration has alerts already"
spooled "$all" >"$dir/spooled"
# Nobody is there, so that the trunk "good" fails.
refused() { awk '/name: "good"/ { on = 1 } on && /proxies:/ { print "    proxies: [\"127.0.0.1:9\"]"; on = 0; next } { print }' "$1"; }
refused "$dir/spooled" >"$dir/refused"

now=0
run_now() { # run_now NAME: one more run of the service
	now=$(grep -c 'Run [0-9]* done' "$dir/$1.err")
	tell "$1" USR1
	wait_for "a run of $1" said "$1" 'Run [0-9]+ done' $((now + 1))
}
reload() { # reload NAME: its configuration
	loads=$(grep -c 'is in force' "$dir/$1.err")
	tell "$1" HUP
	wait_for "$1 reloads" said "$1" 'is in force' $((loads + 1))
}
incident() { sql hook "SELECT alert_id FROM incidents WHERE trunk = '$1' AND kind = '${2:-failing}' ORDER BY id DESC LIMIT 1"; }

# -- the files --------------------------------------------------------------------------------------------------------------

config hook "$dir/spooled"
mkdir "$spool"
echo 'MESSAGE=half' >"$spool/.part" # a crash left it
start hook
wait_for "the first run" said hook 'Run 1 done'
bad=$(incident bad)
evil=$(incident evil)
is "two trunks fail: two files wait" "$(find "$spool" -mindepth 1 | wc -l)" 2
is "  named by incident and number" "$(find "$spool" -mindepth 1 -printf '%f\n' | grep -cEx "($bad|$evil)\.[0-9]{16}")" 2
is "  the group may read them, nobody else" "$(stat -c %a "$spool"/* | sort -u)" 640
is "  lines of names and values" "$(cat "$spool"/* | grep -cvE '^(MESSAGE|MESSAGE_ID|PRIORITY|TRUNKAUDIT_[A-Z_]+)=')" 0
file=$(echo "$spool/$bad".*)
for field in TRUNK=bad SUBJECT=bad CHANGE=began CAUSE=wrong_password OUTCOME=fail RUN=1 PRIORITY=3 "INCIDENT=$bad"; do
	is "  with $field" "$(grep -c "^TRUNKAUDIT_$field\$" "$file")" 1
done
for field in SENTENCE DETAIL REMEDY TRUNK_ID; do
	is "  with $field" "$(grep -c "^TRUNKAUDIT_$field=." "$file")" 1
done
is "  the message is the journal's" "$(sed -n 's/^MESSAGE=//p' "$file")" "$(sed -n 's/^error: \(bad: .*\)/\1/p' "$dir/hook.err")"
is "the view says that they were told" "$(sql hook 'SELECT trunk, cause, told, runs, until IS NULL FROM incidents ORDER BY trunk')" \
	'bad|wrong_password|1|1|1
evil|realm_mismatch|1|1|1'

# -- the hook -----------------------------------------------------------------------------------------------------------------

mkdir "$dir/cwd"
cat >"$dir/take" <<END
#!/bin/sh
cd "$dir/cwd"
env -0 >"$dir/taken"
[ ! -e "$dir/refuse" ]
END
chmod 755 "$dir/take"
taken() { tr '\0' '\n' <"$dir/taken" | grep -E '^(MESSAGE|MESSAGE_ID|PRIORITY|TRUNKAUDIT_[A-Z_]+)=' |
	grep -v '^TRUNKAUDIT_TEST=' | sort; } # the mark of the suite
export ALERT_HOOK="$dir/take"
for incident in "$bad" "$evil"; do
	"$hook" --run "$spool" "$incident"
	is "the hook runs, incident $incident" "$?" 0
	taken >"$dir/got"
	is "  its environment is the file" "$(sort "$spool/$incident".* | diff - "$dir/got")" ''
done
has "  hostile words are words" "$dir/got" '^TRUNKAUDIT_DETAIL=.*\$\(touch pwned\);`touch pwned`'
is "  nothing of them was run" "$(find . "$dir" -maxdepth 2 -name pwned)" ''
is "  the file stays until it is done" "$(find "$spool" -name "$evil.*" | wc -l)" 1
printf 'MESSAGE=m\nPATH=/evil\nLD_PRELOAD=evil.so\nTRUNKAUDIT_A B=x\nALERT_HOOK=/evil\nTRUNKAUDIT_=x\nTRUNKAUDIT_OK=$(id)\n' >"$spool/99.0000000000000001"
"$hook" --run "$spool" 99
is "names that are not ours are left out" "$(tr '\0' '\n' <"$dir/taken" | grep -cE 'evil|^TRUNKAUDIT_(A|=)')" 0
has "  and ours are not" "$dir/taken" 'TRUNKAUDIT_OK=\$\(id\)'
rm "$spool"/99.*
touch "$dir/refuse"
"$hook" --run "$spool" "$bad"
is "a hook that fails: the failure is told on" "$?" 1
rm "$dir/refuse"
ALERT_HOOK=$dir/none "$hook" --run "$spool" "$bad" 2>"$dir/none.err"
is "no hook: a failure" "$?" 1
has "  that says so" "$dir/none.err" 'none is not there, or not executable for '
for wrong in '' ../x 1x -1; do
	"$hook" --done "$spool" "$wrong" 2>/dev/null
	is "\"$wrong\" is no incident" "$?" 1
done

# The service manager's part, for --start: what trunkauditd-alert@.service does, in the order asked for.
mkdir "$dir/bin"
cat >"$dir/bin/systemctl" <<END
#!/bin/sh
shift
worst=0
for unit; do
	incident=\${unit#trunkauditd-alert@}
	incident=\${incident%.service}
	echo "\$incident" >>"$dir/started"
	if "$hook" --run "$spool" "\$incident"; then
		tr '\0' '\n' <"$dir/taken" | grep -E '^TRUNKAUDIT_(SUBJECT|CHANGE)=' | sort | cut -d= -f2 | paste -sd' ' >>"$dir/order"
		"$hook" --done "$spool" "\$incident"
	else
		worst=1
	fi
done
exit \$worst
END
chmod 755 "$dir/bin/systemctl"
start_waiting() { PATH=$dir/bin:$PATH "$hook" --start "$spool" 2>"$dir/start.err"; }

# What comes while the hook fails is kept in order.
touch "$dir/refuse"
config hook "$dir/spooled" -e '/password: .*trunk-0002/ s|trunk-0002|trunk-0001|'
cp "$dir/world/secrets/trunk-0002" "$dir/wrong-secret"
sql hook "UPDATE announcement SET told_usec = told_usec - 172800000000" # a reminder is due
run_now hook
is "reminders wait behind what they remind of" "$(find "$spool" -name "$bad.*" | wc -l)" 2
start_waiting
is "the hook fails: some are left" "$? $(find "$spool" -name '[0-9]*' | wc -l)" '1 4'
has "  which is said" "$dir/start.err" 'alerts are left in .*; they are tried again'
rm -f "$dir/refuse" "$dir/order" "$dir/started"
start_waiting
is "the hook works: none is left" "$? $(find "$spool" -mindepth 1 | wc -l)" '0 0'
is "  the alerts of an incident came in order" "$(grep bad "$dir/order")" 'began bad
reminder bad'
is "  each once" "$(wc -l <"$dir/order")" 4
is "  nothing to do: nothing is started" "$(: >"$dir/started"; start_waiting; cat "$dir/started")" ''
printf 'MESSAGE=m\n' >"$spool/5.0000000000000001"
touch "$spool/foreign" "$spool/6.7.8" "$spool/6 7.1"
start_waiting
is "other files are no alerts, and no reason to spin" "$? $(cat "$dir/started")" '1 5'
has "  they are named" "$dir/start.err" 'has files that are no alerts'
rm -f "$spool"/*

# -- the bound ----------------------------------------------------------------------------------------------------------------

seq -f "$spool/7.%016g" 1000 | xargs touch
sql hook "UPDATE announcement SET told_usec = told_usec - 172800000000"
run_now hook
is "a thousand wait: no more are written" "$(find "$spool" -mindepth 1 | wc -l)" 1000
is "  which is said once" "$(grep -c 'Alerts cannot be left for the hook' "$dir/hook.err")" 1
is "  and the journal has them" "$(grep -c '^[a-z]*: bad: still' "$dir/hook.err")" 2
rm -rf "$spool"
sql hook "UPDATE announcement SET told_usec = told_usec - 172800000000"
run_now hook
is "the directory is made again" "$(find "$spool" -name "$bad.*" | wc -l)" 1
stop hook
rm -rf "$spool"

# -- above the limit, one ---------------------------------------------------------------------------------------------------------

config many "$dir/spooled" -e "s|^alerts:|&\n  summary_above: 1|"
start many
wait_for "a run" said many 'Run 1 done'
stop many
is "above the limit there is one alert" "$(cat "$spool"/* | grep -E '^TRUNKAUDIT_(CHANGE|INCIDENT)=')" 'TRUNKAUDIT_CHANGE=summary'
has "  with its text" "$spool/$(basename "$spool"/0.*)" '^MESSAGE=2 trunks changed in run 1: 2 failed'
rm -rf "$spool"

# -- silences -----------------------------------------------------------------------------------------------------------------------

cat >"$dir/silences" <<END
silences:
  - {trunks: [bad], until: 2099-12-31T00:00:00Z, reason: "CHG-4711"}
  - {trunks: [good], until: 2099-12-31T00:00:00Z, mode: probe}
  - {trunks: [evil], until: 2020-12-31T00:00:00Z}
END
cat "$dir/refused" "$dir/silences" >"$dir/silenced"
config quiet "$dir/silenced"
"$build/trunkaudit" --config "$dir/quiet.yaml" check-config >"$dir/check.out" 2>"$dir/check.err"
is "check-config takes a silence that is over" "$? $(cat "$dir/check.out")" "0 *: good"
is "  with a warning and its place" "$(grep -c 'quiet\.yaml:[0-9]*:5: silences: is over since 2020-12-31T00:00:00Z (take it out) (warning)$' "$dir/check.err")" 1
start quiet
wait_for "a run" said quiet 'Run 1 done'
is "the service warns of it, too" "$(grep -c 'silences: is over since' "$dir/quiet.err")" 1
lacks "nothing is told of what is silenced" "$dir/quiet.err" '^[a-z]+: (bad|good):'
is "  the others are told" "$(find "$spool" -mindepth 1 -exec grep -h '^TRUNKAUDIT_SUBJECT' {} +)" 'TRUNKAUDIT_SUBJECT=evil'
is "the rows say what was seen" "$(sql quiet 'SELECT trunk, outcome, cause, detail FROM latest' | sed 's/wrong_password|.*/wrong_password/' | grep -v evil)" \
	'bad|fail|wrong_password
good|untested|maintenance|until 2099-12-31T00:00:00Z'
is "  and the view that it is silenced" "$(sql quiet "SELECT told, silenced_until FROM incidents WHERE trunk = 'bad'")" '0|2099-12-31T00:00:00Z'
"$build/trunkaudit" --config "$dir/quiet.yaml" status >"$dir/status" 2>&1
has "status shows it" "$dir/status" '^Silenced until 2099-12-31T00:00:00Z: bad \(CHG-4711\)$'
has "  and the maintenance" "$dir/status" '^Silenced until 2099-12-31T00:00:00Z, not probed: good$'
lacks "  and not what is over" "$dir/status" '^Silenced.*evil'
config quiet "$dir/refused"
reload quiet
run_now quiet
is "at its end what still fails is told" "$(grep -cE '^[a-z]+: bad: fail, wrong_password' "$dir/quiet.err")" 1
is "  and what was not probed" "$(grep -cE '^[a-z]+: good: untested, connection_refused' "$dir/quiet.err")" 1
run_now quiet
is "  once" "$(grep -cE '^[a-z]+: (bad|good):' "$dir/quiet.err")" 2
sed 's/mode: probe/mode: alert/' "$dir/silences" | cat "$dir/spooled" - >"$dir/silenced-good"
config quiet "$dir/silenced-good"
reload quiet
run_now quiet
lacks "a recovery is silenced, too" "$dir/quiet.err" 'good: again'
config quiet "$dir/spooled"
reload quiet
run_now quiet
is "  and told at the end" "$(grep -c 'good: again pass' "$dir/quiet.err")" 1
is "its incident was over before" "$(sql quiet "SELECT last_run < 4 AND until IS NOT NULL FROM incidents WHERE trunk = 'good'")" 1
is "a partial run of a trunk in maintenance: --force probes it" "$(cat "$dir/spooled" "$dir/silences" >"$dir/force"
	config quiet-run "$dir/force" -e "s|quiet-run\.db|forced.db|"
	"$build/trunkaudit" --config "$dir/quiet-run.yaml" run --trunk good --json 2>/dev/null | grep -o '"cause": "maintenance"' | head -n 1
	"$build/trunkaudit" --config "$dir/quiet-run.yaml" run --trunk good --force --json 2>/dev/null | grep -o '"cause": "ok"' | head -n 1)" \
	'"cause": "maintenance"
"cause": "ok"'
stop quiet

# -- flapping -----------------------------------------------------------------------------------------------------------------------

config flap "$dir/refused"
start flap
wait_for "a run" said flap 'Run 1 done'
for n in 2 3 4 5 6 7 8; do
	if [ $((n % 2)) = 0 ]; then config flap "$dir/spooled"; else config flap "$dir/refused"; fi
	reload flap
	run_now flap
done
is "what changes all the time is told so, once" "$(grep -E '^[a-z]+: good:' "$dir/flap.err" | sed -E 's/^[a-z]+: good: ([a-z ]*[a-z]).*/\1/')" \
	'untested
again pass
untested
again pass
untested
changes all the time'
is "  since when is in the view" "$(sql flap "SELECT flapping IS NOT NULL FROM incidents WHERE trunk = 'good' AND until IS NULL")" ''
is "  and in the files" "$(cat "$spool"/* | grep -c '^TRUNKAUDIT_CHANGE=flapping$')" 1
sql flap "UPDATE watch SET changes = 0x1f000 WHERE subject LIKE '%good'"
run_now flap
is "its end is told with what it is then" "$(grep -c '^info: good: no longer changes all the time; now pass: ' "$dir/flap.err")" 1
config flap "$dir/refused"
reload flap
run_now flap
is "  and then its changes again" "$(grep -cE '^[a-z]+: good: untested, connection_refused' "$dir/flap.err")" 4
stop flap

# -- not tested for long ----------------------------------------------------------------------------------------------------------------

rm -rf "$spool"
{ cat "$dir/refused"; sed -n '1p; /\[bad\]/p' "$dir/silences" | sed 's/\(bad\]\)/\1, mode: probe/'; } >"$dir/gap"
config gap "$dir/gap"
start gap
wait_for "a run" said gap 'Run 1 done'
lacks "one untested run is no gap" "$dir/gap.err" 'not tested since'
sql gap "UPDATE watch SET untested_usec = untested_usec - 47 * 3600000000 WHERE untested_usec IS NOT NULL"
run_now gap
lacks "less than two intervals are none" "$dir/gap.err" 'not tested since'
sql gap "UPDATE watch SET untested_usec = untested_usec - 3600000000 WHERE untested_usec IS NOT NULL"
run_now gap
is "two intervals are" "$(grep -cE '^error: good: its credentials were not tested since 20[-0-9]+T[:0-9]+Z; now connection_refused: ' "$dir/gap.err")" 1
is "  of none that is not meant to be tested" "$(grep -c 'not tested since' "$dir/gap.err")" 1
run_now gap
is "  told once" "$(grep -c 'not tested since' "$dir/gap.err")" 1
is "  an incident of its own" "$(sql gap "SELECT kind, cause, told FROM incidents WHERE trunk = 'good' ORDER BY kind")" 'failing|connection_refused|1
untested|connection_refused|1'
config gap "$dir/spooled"
reload gap
run_now gap
is "  and its end" "$(grep -c '^info: good: its credentials are tested again; now ok' "$dir/gap.err")" 1
is "  for the hook, too" "$(cat "$spool"/"$(sql gap "SELECT alert_id FROM incidents WHERE kind = 'untested'")".* | grep '^TRUNKAUDIT_CHANGE')" \
	'TRUNKAUDIT_CHANGE=began
TRUNKAUDIT_CHANGE=ended'
is "  the incident is over" "$(sql gap "SELECT told, until IS NOT NULL FROM incidents WHERE kind = 'untested'")" '2|1'
stop gap

# -- a service that died while it told -------------------------------------------------------------------------------------------------

config died "$dir/spooled"
start died
wait_for "a run" said died 'Run 1 done'
stop died
# As if it had been killed behind "good: fail, wrong_password", and before it could note that, and behind a reminder of bad.
sql died "INSERT INTO telling SELECT 'trunk:' || trunk_id, (SELECT id FROM cause WHERE word = 'wrong_password') FROM trunk
	WHERE name IN ('good', 'bad')"
start died
wait_for "another start" said died ' started; database' 2
run_now died
run_now died
is "what may have been told, and is over, is told to be over, once" "$(grep -c '^info: good: again pass' "$dir/died.err")" 1
is "  what was told before is not told again" "$(grep -cE '^[a-z]+: bad: ' "$dir/died.err")" 1
is "  nothing is uncertain any more" "$(sql died "SELECT count(*) FROM telling WHERE subject LIKE '%good'")" 0
stop died

# -- trunks that are gone -----------------------------------------------------------------------------------------------------------------

rm -rf "$spool"
config gone "$dir/spooled"
start gone
wait_for "a run" said gone 'Run 1 done'
awk '/^  - / { out = /name: "bad"/ } /^[^ ]/ { out = 0 } !out' "$dir/spooled" >"$dir/without"
is "a trunk fails, and the next configuration has it no more" "$(grep -c 'name: "bad"' "$dir/spooled") $(grep -c 'name: "bad"' "$dir/without")" '1 0'
config gone "$dir/without"
reload gone
run_now gone
run_now gone
is "  that is told once" "$(grep -c '^notice: bad: no longer audited, .* it was told before: wrong_password$' "$dir/gone.err")" 1
is "  of no other" "$(grep -c 'no longer audited' "$dir/gone.err")" 1
is "  for the hook, too" "$(cat "$spool"/"$(sql gone "SELECT alert_id FROM incidents WHERE trunk = 'bad'")".* | grep '^TRUNKAUDIT_CHANGE')" \
	'TRUNKAUDIT_CHANGE=began
TRUNKAUDIT_CHANGE=ended'
is "  the incident is over" "$(sql gone "SELECT told, until IS NOT NULL FROM incidents WHERE trunk = 'bad'")" '2|1'
config gone "$dir/spooled"
reload gone
run_now gone
is "it is there again, and fails: a new alert" "$(grep -c '^error: bad: fail, wrong_password' "$dir/gone.err")" 2
stop gone

# -- no run ends ------------------------------------------------------------------------------------------------------------------------

rm -rf "$spool"
config late "$dir/spooled" -e 's/interval: 24h/interval: 10s\n  run_limit: 9s/'
flock --no-fork "$dir/late.db.lock" sleep 600 & # another process audits, and does not end
holder=$!
pids="$pids $holder"
wait_for "the lock" eval "! flock -n '$dir/late.db.lock' true"
start late
wait_for "two intervals" said late 'No run has ended since' # 20 s
is "no run ends for two intervals: said" "$(grep -c '^critical: No run has ended since 20[-0-9]*T[:0-9]*Z, that is for two intervals (20s)' "$dir/late.err")" 1
is "  for the hook, too" "$(cat "$spool"/* | grep -E '^TRUNKAUDIT_(CHANGE|SUBJECT)')" 'TRUNKAUDIT_CHANGE=began
TRUNKAUDIT_SUBJECT=the audit'
is "  an incident" "$(sql late 'SELECT trunk, cause, until IS NULL FROM incidents')" 'runs|no_run|1'
sleep 21
is "  said once" "$(grep -c 'No run has ended since' "$dir/late.err")" 1
tell late KILL
ended late
start late
wait_for "it waits" told late 'STATUS=Waiting'
kill "$holder"
wait_for "a run" said late 'Run [0-9]+ done'
is "a run ends again: said, also by another process" "$(grep -c '^info: A run has ended again' "$dir/late.err")" 1
is "  the incident is over" "$(sql late "SELECT until IS NOT NULL, told FROM incidents WHERE trunk = 'runs'")" '1|2'
is "  the order is kept" "$(cat "$spool/$(sql late "SELECT alert_id FROM incidents WHERE trunk = 'runs'")".* | grep '^TRUNKAUDIT_CHANGE')" \
	'TRUNKAUDIT_CHANGE=began
TRUNKAUDIT_CHANGE=ended'
stop late

# -- the examples -------------------------------------------------------------------------------------------------------------------------

mkdir -p "$spool"
cat >"$dir/sendmail" <<END
#!/bin/sh
echo "\$@" >"$dir/mail.args"
cat >"$dir/mail"
[ ! -e "$dir/refuse" ]
END
chmod 755 "$dir/sendmail"
cat >"$dir/post.py" <<'END'
import http.server, sys
class Post(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open(sys.argv[2], "wb").write(body)
        self.send_response(int(open(sys.argv[3]).read()))
        self.end_headers()
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Post)
open(sys.argv[1] + ".new", "w").write("http://127.0.0.1:%d/hook\n" % server.server_port)
import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
END
{
	printf 'MESSAGE=evil: fail "quoted" \\back $(touch pwned) `touch pwned` ünï\n'
	printf 'PRIORITY=3\nTRUNKAUDIT_PRIORITY=3\nTRUNKAUDIT_INCIDENT=12\nTRUNKAUDIT_CHANGE=began\nTRUNKAUDIT_CAUSE=realm_mismatch\n'
	printf 'TRUNKAUDIT_SUBJECT=Zürich \\nBcc: all@example.com\nTRUNKAUDIT_DETAIL=it says "$(id)"\n'
} >"$spool/12.0000000000000001"
MAIL_TO=oncall@example.com SENDMAIL=$dir/sendmail ALERT_HOOK=$examples/alert-mail "$hook" --run "$spool" 12
is "the example for mail: taken" "$? $(cat "$dir/mail.args")" '0 -i -- oncall@example.com'
has "  its subject" "$dir/mail" '^Subject: \[began\] Z\?\?rich \\nBcc: all@example.com realm_mismatch$'
is "  what follows the headers" "$(sed '1,/^$/d' "$dir/mail" | head -n 1)" 'evil: fail "quoted" \\back $(touch pwned) `touch pwned` ünï'
has "  with all fields" "$dir/mail" '^TRUNKAUDIT_DETAIL=it says "\$\(id\)"$'
is "  no header of the carrier's" "$(sed '/^$/q' "$dir/mail" | grep -c '^Bcc')" 0
touch "$dir/refuse"
MAIL_TO=oncall@example.com SENDMAIL=$dir/sendmail ALERT_HOOK=$examples/alert-mail "$hook" --run "$spool" 12
is "  a mailer that fails: not taken" "$?" '[1-9]*'
ALERT_HOOK=$examples/alert-mail "$hook" --run "$spool" 12 2>/dev/null
is "  nobody to mail to: not taken" "$?" '[1-9]*'
echo 200 >"$dir/post.status"
python3 "$dir/post.py" "$dir/post.url" "$dir/post.body" "$dir/post.status" 2>"$dir/post.err" &
pids="$pids $!"
wait_for "the chat" test -s "$dir/post.url"
WEBHOOK_FILE=$dir/post.url ALERT_HOOK=$examples/alert-webhook "$hook" --run "$spool" 12
is "the example for chat: taken" "$?" 0
is "  its text" "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["text"])' "$dir/post.body")" \
	'\[began\] evil: fail "quoted" \\back $(touch pwned) `touch pwned` ünï'
echo 500 >"$dir/post.status"
WEBHOOK_FILE=$dir/post.url ALERT_HOOK=$examples/alert-webhook "$hook" --run "$spool" 12 2>/dev/null
is "  a chat that fails: not taken" "$?" '[1-9]*'
is "  nothing of the words was run" "$(find . "$dir" -maxdepth 2 -name pwned)" ''

lab_end
is "the carriers and the platform have no complaint" "$(cat "$dir/world/violations")" ''
finish
