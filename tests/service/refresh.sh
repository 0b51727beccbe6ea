#!/bin/sh
# refresh.sh [BUILD]: credentials written to the platform before the probes: with a row for each write, once more after a conflict, never
# after a refusal by the carrier, and without the secret in anything but the write itself.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

# phases NAME [ARGUMENT...]: a run for each phase of $dir/NAME.scenario; what it writes is in $dir/NAME/PHASE.out and .err.
phases() {
	name=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands it
	"$build/lab" "$dir/$name.scenario" --dir "$dir/$name" --one-run -- sh -c '
		: >>"$LAB_DIR/writes"
		build=$1
		shift
		"$build/trunkaudit" --config "$LAB_CONFIG" run "$@" >"$LAB_DIR/$LAB_PHASE.out" 2>"$LAB_DIR/$LAB_PHASE.err"
		echo $? >"$LAB_DIR/$LAB_PHASE.code"' sh "$build" "$@" >"$dir/$name.lab.err" 2>&1
	is "$name: the platform has nothing to complain of" "$(cat "$dir/$name/violations")" ''
	cp "$dir/$name/audit.db" "$dir/$name.pages"
	finds=$(python3 tests/service/secrets.py "$dir/$name" "$dir/$name.pages" "$dir/$name"/*.out "$dir/$name"/*.err 2>&1)
	result $? "$name: no secret is kept or shown" "$finds"
}
rows() { # rows NAME COLUMNS
	sqlite3 "$dir/$1/audit.db" "SELECT group_concat(x, ' ') FROM (SELECT $2 AS x FROM refreshes ORDER BY run, trunk, seq)"
}
writes() { wc -l <"$dir/$1/writes"; }

cat >"$dir/good.scenario" <<'END'
api
trunk plain refresh=yes password="It's 42%40 \"open\" \\ sesame"
trunk accent refresh=yes user="sähne" password="Pässwörd-söhne"
trunk other
END
phases good
is "each is written, with the version it had and the one it got" "$(rows good "trunk || ' ' || outcome || ' ' || version_before || ' ' || version_after || ' ' || status")" \
	'accent written 7 8 200 plain written 7 8 200'
is "  with the id to quote" "$(rows good "length(correlation_id)")" '36 36'
is "  and nothing else is" "$(sort "$dir/good/writes" | tr '\n' ' ')" 'accent plain '
is "the audit goes on" "$(sqlite3 "$dir/good/audit.db" "SELECT count(*) FROM latest WHERE outcome = 'pass'")" 3
lacks "what went well is not told" "$dir/good/1.err" 'credentials written'

phases good --dry-run # the same directory: its second run
is "a dry run writes nothing" "$(sort "$dir/good/writes" | tr '\n' ' ')" 'accent plain '
has "  and says what it would write" "$dir/good/1.out" 'would write username'
is "  in the database too" "$(sqlite3 "$dir/good/audit.db" "SELECT group_concat(outcome, ' ') FROM refreshes WHERE run = 2")" 'dry_run dry_run'

# Of a base all that was read is written back, with the credentials in it and the version it had; a password that it tells is replaced.
for leak in no yes; do
	cat >"$dir/base-$leak.scenario" <<END
api profile=edges leak=$leak
trunk plain refresh=yes password="It's 42%40 \\"open\\" \\\\ sesame"
trunk other
phase 2
api profile=edges leak=$leak writes=conflict:1
END
	phases "base-$leak"
	is "base, password told: $leak: each is one write, and one more after a conflict" \
		"$(rows "base-$leak" "run || ':' || outcome || ' ' || version_before || ' ' || coalesce(version_after, '') || ' ' || status")" \
		'1:written 7 8 200 2:conflict 8  409 2:written 9 10 200'
	is "  the audit goes on" "$(sqlite3 "$dir/base-$leak/audit.db" "SELECT count(*) FROM latest WHERE outcome = 'pass'")" 2
done

cat >"$dir/conflict.scenario" <<END
api writes=conflict:1
trunk one refresh=yes
phase 2
api writes=conflict
phase 3
api writes=403
phase 4
api writes=403
phase 5
api writes=ok
END
phases conflict
is "a conflict is tried once more, and no more" "$(rows conflict "run || ':' || seq || ' ' || outcome || ' ' || status")" \
	'1:1 conflict 409 1:2 written 200 2:1 conflict 409 2:2 conflict 409 3:1 refused 403 4:1 refused 403 5:1 written 200'
is "  with a fresh version" "$(rows conflict version_before | cut -d ' ' -f 1,2)" '7 8'
is "  each is one write" "$(writes conflict)" 7
has "a lasting conflict is told" "$dir/conflict/2.err" 'one: credentials written to the platform: conflict'
has "a missing scope is told" "$dir/conflict/3.err" 'refused: .*sip_trunk:write'
lacks "  once" "$dir/conflict/4.err" 'credentials written'
has "  and its end" "$dir/conflict/5.err" 'one: credentials written to the platform: written'
is "none of it changes the verdict" "$(sqlite3 "$dir/conflict/audit.db" "SELECT group_concat(DISTINCT outcome) FROM results")" pass

cat >"$dir/rejected.scenario" <<END
api
config guard.hold_after=1
trunk wrong refresh=yes secret=wrong
trunk dropped refresh=yes secret=wrong wrong=drop
trunk idle refresh=yes state=inactive
phase 2
trunk idle state=inactive
phase 3
trunk idle state=inactive
END
phases rejected
is "what the carrier refused is written no more, nor what is not probed" "$(rows rejected "run || ':' || trunk || ' ' || outcome")" \
	'1:dropped written 1:idle withheld 1:wrong written 2:dropped withheld 2:idle withheld 2:wrong withheld 3:dropped withheld 3:idle withheld 3:wrong withheld'
has "  with the reason" "$dir/rejected/2.err" 'wrong: credentials written to the platform: withheld: the carrier refused its credentials'
is "  the platform saw the first writes alone" "$(writes rejected)" 2

cat >"$dir/down.scenario" <<END
api
trunk one refresh=yes
phase 2
api down=yes
config platform.deadline=1s
END
phases down
is "without a listing nothing is written" "$(rows down "outcome || coalesce(': ' || detail, '')")" 'written withheld: the platform did not list it in this run'

# -- configurations -------------------------------------------------------------------------------------------------------------
cat >"$dir/none.scenario" <<END
api
trunk one
END
lab none
code=0
"$build/trunkaudit" --config "$dir/none/trunkauditd.yaml" run --dry-run 2>"$dir/none.err" || code=$?
is "--dry-run without a trunk that is refreshed" "$code" 2
has "  says so" "$dir/none.err" 'no trunk has refresh: true'
sed -e 's/^    password: /    refresh: true\n    ha1: /' "$dir/none/trunkauditd.yaml" >"$dir/ha1.yaml"
"$build/trunkaudit" --config "$dir/ha1.yaml" check-config 2>"$dir/ha1.err"
has "a hash cannot be written" "$dir/ha1.err" 'refresh: .*no password to write'
lab_end none
finish
