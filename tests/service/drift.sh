#!/bin/sh
# drift.sh [BUILD]: what run and status say beside the verdicts: differences, trunks that came and went, and how old the list of trunks is.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
api
trunk stays page_realm=old.invalid
trunk goes
trunk comes listed=no configured=no
phase 2
trunk goes listed=no
trunk comes listed=yes
phase 3
api down=yes
config platform.deadline=2s
phase 4
api down=no
trunk stays page_realm=none
END

# One run a phase, with what it and a status after it print; before the third the list becomes a day older.
cat >"$dir/each" <<'END'
[ "$LAB_PHASE" -ne 3 ] || sqlite3 "$LAB_DIR/audit.db" "UPDATE listing SET listed_usec = listed_usec - 26 * 3600000000;
	UPDATE listing_change SET listed_usec = listed_usec - 26 * 3600000000"
if [ "$LAB_PHASE" -eq 2 ]; then json=--json; else json=; fi
"$1/trunkaudit" --config "$LAB_CONFIG" run $json >"$2/run.$LAB_PHASE" 2>"$2/run.$LAB_PHASE.err"
"$1/trunkaudit" --config "$LAB_CONFIG" status >"$2/status.$LAB_PHASE" 2>"$2/status.$LAB_PHASE.err"
"$1/trunkaudit" --config "$LAB_CONFIG" status --json >"$2/status.json.$LAB_PHASE" 2>>"$2/status.$LAB_PHASE.err"
:
END
"$build/lab" "$dir/world.scenario" --dir "$dir/world" -- sh "$dir/each" "$build" "$dir" >"$dir/lab.out" 2>"$dir/lab.err"
is "the lab ran all phases" "$?" 0

has "a run shows a difference" "$dir/run.1" '^stays  +realm +old\.invalid +[^ ]+ +[^ ]+ +20'
has "the verdict is what it was" "$dir/run.1" '^stays .* pass +ok'
has "the list is of now" "$dir/run.1" '^Trunks: as of 20[-0-9]+T[0-9:]+Z$'
lacks "of the first list nothing is new" "$dir/run.1" 'appeared|vanished'
has "status shows the same" "$dir/status.1" '^stays  +realm +old\.invalid '

json() { sqlite3 :memory: "SELECT $2 FROM json_each(readfile('$dir/$1'))"; }
is "JSON has what came and went" "$(sqlite3 :memory: "SELECT group_concat(value ->> 'change' || ' ' || (value ->> 'trunk'), ', ')
	FROM json_each(readfile('$dir/run.2'), '\$.listing_changes')")" 'appeared comes, vanished goes'
is "  and differences" "$(sqlite3 :memory: "SELECT value ->> 'field' || ' ' || (value ->> 'platform')
	FROM json_each(readfile('$dir/run.2'), '\$.drift')")" 'realm old.invalid'
is "  and how old the list was" "$(sqlite3 :memory: "SELECT readfile('$dir/run.2') ->> '\$.runs[0].trunks_age_s'")" 0
has "status shows both, too" "$dir/status.2" '^20[-0-9]+T[0-9:]+Z +vanished +goes$'
has "  a new one without a secret is no silence" "$dir/status.2" '^comes .* untested +secret_missing'
lacks "  one that is gone is not judged" "$dir/status.2" '^goes '

has "with the platform down the age is told" "$dir/run.3" '^Trunks: as of 20[-0-9]+T[0-9:]+Z: 26 h old$'
has "  by status, too" "$dir/status.3" '^Trunks: as of 20[-0-9]+T[0-9:]+Z: 26 h old$'
has "  the platform's verdict is its own" "$dir/run.3" '^Platform: platform_unreachable'
has "  and the carriers are audited" "$dir/run.3" '^stays .* pass +ok'
lacks "  nobody came or went" "$dir/run.3" 'appeared|vanished'
has "  what differed still does" "$dir/run.3" '^stays  +realm +old\.invalid '
is "  JSON has the age of each trunk's knowledge" "$(json status.json.3 "DISTINCT (value ->> 'trunks_age_s') / 3600")" 26

lacks "what no longer differs is not shown" "$dir/run.4" 'old\.invalid|Not all say'
lacks "  and the list is of now again" "$dir/run.4" ' old$'
is "the view keeps it" "$(sqlite3 "$dir/world/audit.db" 'SELECT trunk, field, platform, ended IS NULL FROM drift')" 'stays|realm|old.invalid|0'
# -- many at once ---------------------------------------------------------------------------------------------------------------
cat >"$dir/many.scenario" <<END
api
config schedule.interval=24h
config alerts.summary_above=2
trunk t%d count=3 page_realm=old.invalid
END
lab many
config service "$dir/many/trunkauditd.yaml"
start service
wait_for "the run" grep -q "Run 1 done" "$dir/service.err"
has "many differences are counted" "$dir/service.err" '^warning: 3 values differ .* since run 1, 0 others changed, and 0 no longer differ'
lacks "  and not told one by one" "$dir/service.err" 'realm differs'
kill -USR1 "$(cat "$dir/service.pid")"
wait_for "another run" grep -q "Run 2 done" "$dir/service.err"
is "  once" "$(grep -c 'values differ' "$dir/service.err")" 1
stop service

is "peers have nothing to complain of" "$(cat "$dir/world/violations" "$dir/many/violations")" ''
finish
