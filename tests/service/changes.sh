#!/bin/sh
# changes.sh [BUILD]: what was changed before a trunk turned bad: asked for once, kept without secrets, named in the journal; and what comes
# of a log that may not be read, or of a query that is never done.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

# phases NAME: a run for each phase of $dir/NAME.scenario; what it writes is in $dir/NAME/PHASE.out and .err.
phases() {
	# shellcheck disable=SC2016 # the inner shell expands it
	"$build/lab" "$dir/$1.scenario" --dir "$dir/$1" --one-run -- sh -c '
		[ "$LAB_PHASE" != 3 ] || [ ! -e "$LAB_DIR/day" ] ||
			sqlite3 "$LAB_DIR/audit.db" "UPDATE audit_log SET asked_usec = asked_usec - 86400000000"
		[ "$LAB_PHASE" != 1 ] || : >"$LAB_DIR/audits"
		wc -l <"$LAB_DIR/audits" >"$LAB_DIR/$LAB_PHASE.before"
		"$0/trunkaudit" --config "$LAB_CONFIG" run >"$LAB_DIR/$LAB_PHASE.out" 2>"$LAB_DIR/$LAB_PHASE.err" || :
		wc -l <"$LAB_DIR/audits" >"$LAB_DIR/$LAB_PHASE.after"' "$build" >"$dir/$1.lab.err" 2>&1
	is "$1: the platform has nothing to complain of" "$(cat "$dir/$1/violations")" ''
}
of() { sqlite3 "$dir/$1/audit.db" "$2"; }
look() { # look NAME: no secret in the database or in what was written
	cp "$dir/$1/audit.db" "$dir/$1.pages"
	finds=$(python3 tests/service/secrets.py "$dir/$1" "$dir/$1.pages" "$dir/$1"/*.out "$dir/$1"/*.err 2>&1)
	result $? "$1: no secret is kept or shown" "$finds"
}

# -- found --------------------------------------------------------------------------------------------------------------------
cat >"$dir/found.scenario" <<END
api audits=slow
trunk one edited=password
trunk two edited=hidden
trunk many edited=many
trunk still
phase 2
trunk one secret=wrong
trunk two secret=wrong
trunk many secret=wrong
trunk still secret=wrong
phase 3
trunk one secret=wrong
END
phases found
is "nothing is asked while all is well" "$(cat "$dir/found/1.after")" 0
is "one query serves all trunks: submitted, looked at, read in three pages" "$(tr '\n' ' ' <"$dir/found/audits")" 'POST GET GET GET GET GET '
is "what was changed is kept, the secret's values are not" \
	"$(of found "SELECT group_concat(x, ' ') FROM (SELECT who || ',' || remote_ip || ',' || action || ',' || property || ',' || old || ',' || new AS x FROM changes WHERE trunk = 'one')")" \
	'Jane Doe,203.0.113.9,Update,trunk_sip_authentication_credentials_password,(withheld),(withheld) Jane Doe,203.0.113.9,Update,trunk_transport_protocolVariant,udp,tls'
is "  nor when they are nested, spelled otherwise, or the secret stands under another name" \
	"$(of found "SELECT group_concat(old || new, ' ') FROM changes WHERE trunk = 'two'")" \
	'(withheld)(withheld) (withheld)(withheld) (withheld)(withheld)'
is "  nor in the tables" "$(of found "SELECT count(*) FROM edit WHERE withheld AND (old IS NOT NULL OR new IS NOT NULL)")" 0
is "all pages are read" "$(of found "SELECT count(*) FROM changes WHERE trunk = 'many'")" 250
is "it belongs to the run in which the trunk turned bad" "$(of found "SELECT DISTINCT run FROM changes")" 2
is "no change is an answer too" "$(of found "SELECT count(*) FROM edit_question WHERE answered_usec IS NOT NULL")" 4
is "what stays bad is not asked again" "$(cat "$dir/found/3.after")" "$(cat "$dir/found/3.before")"
look found

# A base is known by its id. One that turned bad alone is asked for alone.
cat >"$dir/bases.scenario" <<END
api profile=edges
trunk one edited=password
trunk two edited=many
phase 2
trunk one secret=wrong
phase 3
trunk two secret=wrong
END
phases bases
is "the change of one base belongs to its trunk" \
	"$(of bases "SELECT group_concat(x, ' ') FROM (SELECT run || trunk || ',' || property AS x FROM changes WHERE run = 2)")" \
	'2one,trunk_sip_authentication_credentials_password 2one,trunk_transport_protocolVariant'
is "  and that of another to the other" "$(of bases "SELECT count(*) FROM changes WHERE run = 3 AND trunk = 'two'")" 250
look bases

# -- not in time ----------------------------------------------------------------------------------------------------------------
cat >"$dir/endless.scenario" <<END
api audits=endless
config platform.deadline=2s
trunk bad secret=wrong edited=password
trunk good edited=password
phase 2
api audits=ok
trunk good secret=wrong
END
phases endless
is "a query that is never done ends" "$(of endless "SELECT state FROM run WHERE id = 1")" 'done'
has "  and is told" "$dir/endless/1.err" 'could not be read.*not done in time'
is "  the trunk's result is stored" "$(of endless "SELECT outcome FROM results WHERE run = 1 AND trunk = 'bad'")" fail
has "the next run reads it" "$dir/endless/2.err" 'can be read again'
is "  also for the trunk of the run before" "$(of endless "SELECT group_concat(trunk || run, ' ') FROM (SELECT DISTINCT trunk, run FROM changes ORDER BY 1)")" 'bad1 good2'
is "  a change before a trunk's last good run is none of its own" \
	"$(of endless "SELECT group_concat(trunk, ' ') FROM changes WHERE property = 'trunk_old'")" bad
look endless

# -- not allowed ------------------------------------------------------------------------------------------------------------------
cat >"$dir/denied.scenario" <<END
api audits=403
trunk first secret=wrong edited=password
trunk second edited=password
trunk third edited=password
phase 2
trunk second secret=wrong
phase 3
trunk third secret=wrong
phase 4
api audits=ok
END
mkdir "$dir/denied"
: >"$dir/denied/day" # before the third run a day passes
phases denied
has "a denial is told, with what is missing" "$dir/denied/1.err" 'audits:audit:view'
is "  once" "$(cat "$dir/denied"/[123].err | grep -c 'may not be read')" 1
is "  it is not asked for a day" "$(cat "$dir/denied/2.after")" 1
is "  then again" "$(cat "$dir/denied/3.after")" 2
is "  and not in the run behind that" "$(cat "$dir/denied/4.after")" 2
is "the trunks have their results" "$(of denied "SELECT count(*) FROM results WHERE outcome = 'fail'")" '[1-9]*'
is "what was not answered is not forgotten" "$(of denied "SELECT count(*) FROM edit_question WHERE answered_usec IS NULL")" 3

cat >"$dir/failed.scenario" <<END
api audits=failed
trunk bad secret=wrong
END
phases failed
has "a query that fails is told" "$dir/failed/1.err" 'the query failed'

cat >"$dir/off.scenario" <<END
api
config platform.audit_log=false
trunk bad secret=wrong edited=password
END
phases off
is "audit_log: false asks nothing" "$(cat "$dir/off/1.after") $(of off 'SELECT count(*) FROM edit_question')" '0 0'

# -- the service's words ------------------------------------------------------------------------------------------------------------
cat >"$dir/world.scenario" <<END
api
config schedule.interval=24h
config probe.spacing=0s
trunk one edited=password
trunk calm
END
lab world
config told "$dir/world/trunkauditd.yaml"
start told
wait_for "the first run" said told 'Run 1 done'
cp "$dir/world/secrets/trunk-0001" "$dir/password"
for n in 1 2; do
	printf wrong >"$dir/world/secrets/trunk-000$n"
done
tell told HUP
wait_for "the reload" said told 'is in force'
tell told USR1
wait_for "the second run" said told 'Run 2 done'
has "the event of the trunk says what was changed" "$dir/told.err" \
	'one: fail, wrong_password.*Changed before, 20.*Z: Update by Jane Doe from 203.0.113.9: trunk_sip_authentication_credentials_password; 2 changes in all'
has "  or that nothing was" "$dir/told.err" 'calm: fail, wrong_password.*audit log has no change of it since 20'
stop told
lab_end world

# A service that is told to stop while it asks: all is stored and told, without the answer.
sed -e 's/^api/api audits=endless/' -e 's/^trunk one/& secret=wrong/' "$dir/world.scenario" >"$dir/slow.scenario"
lab slow
config slow "$dir/slow/trunkauditd.yaml"
start slow
wait_for "the query" grep -q GET "$dir/slow/audits"
is "the results are stored before anybody is asked" "$(sql slow "SELECT state FROM run")" 'done'
stop slow
has "what it found is told" "$dir/slow.err" 'one: fail, wrong_password'
lacks "  without the answer" "$dir/slow.err" 'Changed before'
is "the question stays" "$(sql slow "SELECT count(*) FROM edit_question WHERE answered_usec IS NULL")" 1
lab_end slow
finish
