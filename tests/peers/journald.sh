#!/bin/sh
# journald.sh [BUILD]: what the service tells a real systemd-journald, read back with journalctl: what failed, what changed, and no secret.
# journald is a private one: mounts and processes of its own, nothing of this host's journal is touched.
# shellcheck disable=SC2317 # a trap or wait_for calls what seems unreachable
set -eu
cd "$(dirname "$0")/../.."

. tests/peers/journal_lib.sh

more_runs() {
	[ "$(count RUN_DONE)" -gt "$runs" ]
}

# run_now: asks for a run and waits for the last of its events.
run_now() {
	runs=$(count RUN_DONE)
	kill -USR1 "$daemon"
	wait_for 'end of the run' more_runs
}

more_loads() {
	[ "$(count CONFIG_LOADED)" -gt "$loads" ]
}

# reload: the configuration of the phase; between runs it is in force at once.
reload() {
	loads=$(count CONFIG_LOADED)
	kill -HUP "$daemon"
	wait_for 'reload' more_loads
}

# read_journal: all of it into the table event, one row an entry; the database of the audit beside it.
read_journal() {
	journalctl --quiet --all -o json >"$dir/journal"
	rm -f "$dir/events.db"
	sqlite3 "$dir/events.db" 'CREATE TABLE entry (j TEXT)' '.mode ascii' ".separator \037 \n" ".import $dir/journal entry" "
		CREATE TABLE event AS SELECT j ->> 'MESSAGE_ID' AS id, j ->> 'MESSAGE' AS message, CAST(j ->> 'PRIORITY' AS INTEGER) AS priority,
			j ->> '_TRANSPORT' AS transport, j ->> '_COMM' AS comm, CAST(j ->> 'TRUNKAUDIT_RUN' AS INTEGER) AS run,
			j ->> 'TRUNKAUDIT_TRUNK' AS trunk, j ->> 'TRUNKAUDIT_TRUNK_ID' AS trunk_id, j ->> 'TRUNKAUDIT_CARRIER' AS carrier,
			j ->> 'TRUNKAUDIT_OUTCOME' AS outcome, j ->> 'TRUNKAUDIT_CAUSE' AS cause, j ->> 'TRUNKAUDIT_SENTENCE' AS sentence,
			j ->> 'TRUNKAUDIT_DETAIL' AS detail, j ->> 'TRUNKAUDIT_REMEDY' AS remedy,
			j ->> 'TRUNKAUDIT_CORRELATION_ID' AS correlation_id, j ->> 'TRUNKAUDIT_CONTEXT_ID' AS context_id,
			j ->> 'TRUNKAUDIT_CF_ID' AS cf_id, j ->> 'TRUNKAUDIT_FIELD' AS field,
			CAST(j ->> 'TRUNKAUDIT_INCIDENT' AS INTEGER) AS incident, j ->> 'TRUNKAUDIT_CHANGE' AS change,
			j ->> 'TRUNKAUDIT_SUBJECT' AS subject,
			j ->> 'TRUNKAUDIT_PLATFORM_VALUE' || '|' || (j ->> 'TRUNKAUDIT_CONFIG_VALUE') || '|' || (j ->> 'TRUNKAUDIT_CARRIER_VALUE')
				AS said
		FROM entry"
}

query() {
	sqlite3 "$dir/events.db" "ATTACH '$db' AS audit" "$1"
}

# told EVENT CONDITION: how many of them fulfil it.
told() {
	query "SELECT count(*) FROM event WHERE id = '$(id_of "$1")' AND ($2)"
}

last_run() {
	query 'SELECT max(run) FROM event'
}

# -- the lab's two phases, and the service -------------------------------------------------------------------------------

# A day's interval, so that no run but those asked for comes between.
{
	cat tests/lab/scenarios/010-apac.scenario
	cat <<-END
		config schedule.interval=1d
		trunk NEW-Secondary listed=no configured=no
		phase 2
		trunk MEL-Secondary qop=auth -> pass ok
		trunk BOM-Secondary answer=ok refuse=403 -> untested refused_before_challenge
		phase 3
		trunk NEW-Secondary listed=yes -> untested secret_missing
		trunk SIN-Primary listed=no
		trunk TYO-Secondary page_realm=old.invalid page_user=nobody
		phase 4
		trunk TYO-Secondary page_realm=older.invalid page_user=none
		phase 5
		api down=yes
		config platform.deadline=2s
		phase 6
		api down=no
		config platform.deadline=3m
		phase 7
		api refuse=403:missing.permissions
		phase 8
		api refuse=""
	END
} >"$dir/scenario"

in_phase() {
	[ "$(cat "$dir/phase" 2>/dev/null)" = "$1" ]
}

# phase_ends N: the lab goes on to the next one.
phase_ends() {
	: >"$dir/end.$1"
}

start_journald
# shellcheck disable=SC2016 # the inner shell expands it
background "$build/lab" "$dir/scenario" --dir "$dir/lab" -- sh -c '
	echo "$LAB_PHASE" >"$1/phase"
	until [ -e "$1/end.$LAB_PHASE" ]; do sleep 0.1; done' sh "$dir"
lab=$!
wait_for 'lab' in_phase 1
db=$dir/lab/audit.db
runs=0
start_service "$dir/lab/trunkauditd.yaml"

set +e # from here a failure is a result
wait_for 'first run' more_runs
read_journal
first=$(last_run)
awk -F '\t' '$1 == "trunk" && $3 != "pass" { print $2 "|" $3 "|" $4 }' "$dir/lab/expected.tsv" | sort >"$dir/expected"
query "SELECT trunk, outcome, cause FROM event WHERE id = '$(id_of TRUNK_FAILED)'" | sort >"$dir/told"
is 'one event for each trunk that does not pass' "$(diff "$dir/expected" "$dir/told")" ''
is 'there are some' "$(wc -l <"$dir/expected")" 10
is 'their fields are those of the database' "$(query "
	SELECT count(*) FROM event AS e JOIN audit.history AS h ON h.run = e.run AND h.trunk_id = e.trunk_id JOIN audit.cause AS c ON c.word = e.cause
	WHERE e.id = '$(id_of TRUNK_FAILED)' AND e.trunk = h.trunk AND e.outcome = h.outcome AND e.cause = h.cause AND e.carrier = h.carrier
		AND e.remedy = h.remedy AND e.sentence = c.sentence AND e.detail = h.detail AND e.priority = c.priority")" 10
is 'a failure is an error' "$(told TRUNK_FAILED "cause = 'stale_nonce' AND priority = 3")" 1
is 'what could not be tested is a warning' "$(told TRUNK_FAILED "cause = 'no_challenge' AND priority = 4")" 1
is 'a denied scope names the correlation id' "$(told TRUNK_FAILED "cause = 'scope_denial' AND priority = 4 AND length(correlation_id) = 36")" 1
is 'each is an alert of an incident' "$(query "SELECT count(*) FROM event AS e JOIN audit.incidents AS i ON i.alert_id = e.incident
	WHERE e.id = '$(id_of TRUNK_FAILED)' AND e.change = 'began' AND e.subject = e.trunk AND i.trunk_id = e.trunk_id AND i.cause = e.cause
		AND i.told = 1 AND i.until IS NULL")" 10
is 'started once' "$(told STARTED 'priority = 6')" 1
is 'the run ended once' "$(told RUN_DONE "run = $first AND message LIKE '%15 trunks%'")" 1
is 'nothing of platform and clock, which are well' "$(told PLATFORM_FAILED 1) $(told CLOCK_OFF 1)" '0 0'
is 'no summary of so few' "$(told TRUNKS_SUMMARY 1)" 0

run_now
read_journal
is 'a second run tells nothing twice' "$(query "SELECT count(*) FROM event WHERE run > $first AND trunk IS NOT NULL")" 0
is 'but its end' "$(told RUN_DONE "run > $first")" 1

before=$(last_run)
phase_ends 1
wait_for 'second phase' in_phase 2
run_now
read_journal
is 'a trunk recovered' "$(told TRUNK_RECOVERED "run > $before AND trunk = 'MEL-Secondary' AND outcome = 'pass' AND cause = 'ok' AND priority = 6")" 1
is 'another fails for another cause' \
	"$(told TRUNK_CHANGED "run > $before AND trunk = 'BOM-Secondary' AND cause = 'refused_before_challenge' AND priority = 4")" 1
is 'the end of an incident, and another cause of one, name it' "$(query "SELECT e.change, min(f.change), count(*) FROM event AS e
	JOIN event AS f ON f.incident = e.incident AND f.run < e.run WHERE e.run > $before AND e.trunk IS NOT NULL GROUP BY e.change ORDER BY 1")" \
	'changed|began|1
ended|began|1'
is '  of another cause there is a row' "$(query "SELECT cause, until IS NULL, told FROM audit.incidents WHERE trunk = 'BOM-Secondary' ORDER BY id")" \
	'no_answer|0|1
refused_before_challenge|1|1'
is 'nothing else is told' "$(query "SELECT count(*) FROM event WHERE run > $before AND trunk IS NOT NULL")" 2
is 'a difference that is the cause of a verdict is told by it alone' "$(told DRIFT_FOUND 1)" 0

before=$(last_run)
phase_ends 2
wait_for 'third phase' in_phase 3
run_now
read_journal
is 'a trunk appeared' "$(told TRUNK_APPEARED "run > $before AND trunk = 'NEW-Secondary' AND priority = 5")" 1
is 'its secret is not known' "$(told TRUNK_FAILED "run > $before AND trunk = 'NEW-Secondary' AND cause = 'secret_missing'")" 1
is 'another vanished' "$(told TRUNK_VANISHED "run > $before AND trunk = 'SIN-Primary' AND priority = 4")" 1
is 'differences are warnings with all values' "$(query "SELECT field, said FROM event AS e JOIN audit.results AS r ON r.run = e.run AND
	r.trunk = e.trunk WHERE id = '$(id_of DRIFT_FOUND)' AND e.priority = 4 AND e.trunk = 'TYO-Secondary' AND r.cause = 'ok' ORDER BY field
	")" "realm|old.invalid|*.invalid|*.invalid
username|nobody|*|-"
is 'nothing else is told then' "$(query "SELECT count(*) FROM event WHERE run > $before AND trunk IS NOT NULL")" 5
before=$(last_run)
run_now
read_journal
is 'none of it twice' "$(query "SELECT count(*) FROM event WHERE run > $before AND trunk IS NOT NULL")" 0

before=$(last_run)
phase_ends 3
wait_for 'fourth phase' in_phase 4
run_now
read_journal
is 'another value is told' "$(told DRIFT_FOUND "run > $before AND field = 'realm' AND said LIKE 'older.invalid|%' AND message LIKE '%other values%'")" 1
is 'and an end' "$(told DRIFT_ENDED "run > $before AND field = 'username' AND said LIKE 'nobody|%' AND priority = 6")" 1
is 'and nothing else' "$(query "SELECT count(*) FROM event WHERE run > $before AND trunk IS NOT NULL")" 2

before=$(last_run)
phase_ends 4
wait_for 'fifth phase' in_phase 5
sqlite3 "$db" "UPDATE listing SET listed_usec = listed_usec - 26 * 3600000000"
reload
run_now
read_journal
is '  the platform has incidents, too' "$(query "SELECT e.change, i.cause FROM event AS e JOIN audit.incidents AS i ON i.alert_id = e.incident
	WHERE e.id = '$(id_of PLATFORM_FAILED)' AND i.trunk = 'platform' AND i.until IS NULL")" 'began|platform_unreachable'
is 'the platform cannot be asked: how old the list is' "$(told PLATFORM_FAILED "run > $before AND message LIKE '%(trunks as of %Z: 26 h old)'")" 1
is 'the end of the run says it, too' "$(told RUN_DONE "run > $before AND message LIKE '%platform platform_unreachable (trunks as of %Z: 26 h old), clock%'")" 1
is 'nobody vanished, and silence ends no difference' \
	"$(told TRUNK_VANISHED "run > $before") $(told DRIFT_ENDED "run > $before") $(told DRIFT_FOUND "run > $before")" '0 0 0'
phase_ends 5
wait_for 'sixth phase' in_phase 6

before=$(last_run)
phase_ends 6
wait_for 'seventh phase' in_phase 7
reload
run_now
read_journal
is 'a refusal of the platform has the ids that its support asks for' "$(told PLATFORM_FAILED "run > $before AND cause = 'permission_missing'
	AND length(correlation_id) = 36 AND length(context_id) = 36 AND context_id <> correlation_id AND cf_id = 'lab-cf-id=='")" 1
phase_ends 7
wait_for 'eighth phase' in_phase 8

kill -TERM "$daemon"
wait "$daemon"
is 'the service stops as told' "$?" 0
stopped() { [ "$(count STOPPED)" -eq 1 ]; }
wait_for 'event of its end' stopped
read_journal
is 'every entry is an event or a line of the service itself' "$(query "SELECT count(*) FROM event WHERE comm = 'trunkauditd' AND transport <> 'journal'")" 0

# -- without journald ----------------------------------------------------------------------------------------------------

entries=$(query 'SELECT count(*) FROM event')
sed "s,$db,$dir/plain.db," "$dir/lab/trunkauditd.yaml" >"$dir/plain.yaml"
JOURNAL_STREAM=1:1 "$build/trunkauditd" --config "$dir/plain.yaml" 2>"$dir/stderr" &
pids="$pids $!"
daemon=$!
ended() { grep -q 'Run 1 done' "$dir/stderr"; }
wait_for 'end of the run on stderr' ended
kill -TERM "$daemon"
wait "$daemon"
is 'elsewhere it writes lines' "$(grep -c '^error: .*KUL-Secondary: .*wrong_password' "$dir/stderr")" 1
is 'each with its priority' "$(grep -Evc '^(error|warning|notice|info): ' "$dir/stderr")" 0
read_journal
is 'and none to the journal' "$(query 'SELECT count(*) FROM event')" "$entries"

# -- secrets ---------------------------------------------------------------------------------------------------------------

journalctl --quiet --all -o export >"$dir/export"
is 'no secret in any form' "$(python3 tests/service/secrets.py "$dir/lab" "$dir/export" "$dir/stderr" "$dir/journal" 2>&1)" '[1-9][0-9] secrets, 3 files'
is 'no token, no answer, no header of either' \
	"$(cat "$dir/export" "$dir/stderr" | grep -caiE '[0-9a-f]{64}|bearer [a-z0-9]|basic [a-z0-9]|response=|authorization: ')" 0
is 'a name is found there' "$([ "$(grep -acF KUL-Secondary "$dir/export")" -gt 1 ] && echo yes)" yes

phase_ends 8
wait "$lab"
is 'carriers and platform have nothing to complain of' "$? $(cat "$dir/lab/violations")" '0 '
finish
