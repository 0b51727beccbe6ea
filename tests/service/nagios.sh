#!/bin/sh
# nagios.sh [BUILD]: trunkaudit status --nagios in every state: its line, its performance data, its exit status.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
api
ntp
config schedule.interval=1h
config probe.timeout=2s
trunk good
trunk bad secret=wrong
trunk silent extra=yes answer=silent
END
lab world
config service "$dir/world/trunkauditd.yaml"

# plugin NAME STATE REGEX [ARGUMENT...]: the first line, all of it, and the exit status that belongs to it.
plugin() {
	name=$1 state=$2 regex=$3
	shift 3
	rc=0
	"$build/trunkaudit" "$@" status --nagios >"$dir/line" 2>"$dir/plugin.err" || rc=$?
	case $state in OK) want=0 ;; WARNING) want=1 ;; CRITICAL) want=2 ;; *) want=3 ;; esac
	is "$name: exit status" "$rc" "$want"
	head -n 1 "$dir/line" >"$dir/first"
	has "$name: the line" "$dir/first" "^$state - $regex"
	# Plugins say one line of text, then performance data: label=value[unit];[warning];[critical];[minimum];[maximum]
	has "$name: its form" "$dir/first" \
		"^(OK|WARNING|CRITICAL|UNKNOWN) - [^|]+( \\|( [a-z_]+=-?[0-9.]+s?(;[0-9]*){0,4})+)?\$"
}
judge() { plugin "$@" --config "$dir/service.yaml"; }
all='3 trunks: 1 pass, 0 warn, 1 fail, 1 untested; platform platform_ok, clock clock_ok; run 1 ended [0-9]+ (s|min) ago \|.* age=[0-9]+s;4200;7200;0 '

judge "no database" UNKNOWN 'there is no database .*: no audit has run yet, or it is kept elsewhere$'
"$build/trunkaudit" --config "$dir/service.yaml" run >"$dir/run.out" 2>"$dir/run.err"
judge "a trunk fails" CRITICAL "$all"
has "  it has a line of its own" "$dir/line" '^CRITICAL: bad: fail, wrong_password: '
has "  so has one that cannot be tested" "$dir/line" '^(WARNING|CRITICAL): silent: untested, [a-z_]+: '
is "  and nothing else" "$(wc -l <"$dir/line")" 3
judge "one trunk that is good" OK '1 trunk: 1 pass, 0 warn, 0 fail, 0 untested; .* \| pass=1;;;0;1 ' --trunk good
judge "a trunk that nobody knows" UNKNOWN 'no trunk has the id or name "nobody"; ' --trunk nobody
sql service "UPDATE run SET finished_usec = finished_usec - 4500000000"
judge "a slot passed without a run" WARNING 'no run has finished for 75 min; 1 trunk: 1 pass, ' --trunk good
sql service "UPDATE run SET finished_usec = finished_usec - 4500000000"
judge "no run for two intervals" CRITICAL 'no run has finished for 2 h; 1 trunk: 1 pass, ' --trunk good
plugin "the same without a configuration" CRITICAL 'no run has finished for 2 h; ' --database "$dir/service.db" --trunk good
sql service "UPDATE run SET finished_usec = finished_usec + 9000000000,
	platform_cause = (SELECT id FROM cause WHERE word = 'invalid_client'), platform_detail = 'a|b'"
judge "the platform cannot be read" CRITICAL '1 trunk: 1 pass, .*; platform invalid_client, ' --trunk good
has "  it has a line" "$dir/line" '^CRITICAL: platform: invalid_client: a/b$'
sql service "UPDATE run SET platform_cause = (SELECT id FROM cause WHERE word = 'rate_limited')"
judge "the platform is busy" WARNING '1 trunk: 1 pass, .*; platform rate_limited, ' --trunk good
sql service "UPDATE run SET state = 'aborted'"
judge "no complete run" UNKNOWN 'no complete run has finished yet$'

cp "$dir/service.db" "$dir/newer.db"
sqlite3 "$dir/newer.db" 'PRAGMA user_version = 999'
plugin "a newer schema" UNKNOWN '.*newer\.db has schema version 999, and this program .* knows up to [0-9]+: ' --database "$dir/newer.db"
cp "$dir/service.db" "$dir/older.db"
sqlite3 "$dir/older.db" 'PRAGMA user_version = 9; DROP VIEW standing; DROP TABLE trunk_standing'
plugin "an older one" UNKNOWN 'unable to read a view in .*older\.db: ' --database "$dir/older.db"
echo 'no database at all, whatever its name' >"$dir/text.db"
plugin "no database" UNKNOWN '.*text\.db is not a database$' --database "$dir/text.db"
if [ "$(id -u)" -eq 0 ]; then
	chmod 0755 "$dir"
	cp "$dir/service.db" "$dir/closed.db" && chmod 0600 "$dir/closed.db"
	rc=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$build/trunkaudit" --database "$dir/closed.db" status --nagios >"$dir/line" 2>&1 || rc=$?
	is "a database that may not be read" "$rc $(cat "$dir/line")" '3 UNKNOWN - unable to open the database in *closed.db: *'
fi
echo 'mistake: 1' >"$dir/wrong.yaml"
plugin "a wrong configuration" UNKNOWN 'the configuration cannot be used: see trunkaudit check-config$' --config "$dir/wrong.yaml"
plugin "wrong usage" UNKNOWN 'usage: ' --json --database "$dir/service.db"

lab_end
is "peers have nothing to complain of" "$(cat "$dir/world/violations")" ''
finish
