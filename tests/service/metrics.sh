#!/bin/sh
# metrics.sh [BUILD]: the textfile for Prometheus: what promtool and the real node exporter make of it, and the example alert rules.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
PATH=$PATH:$PWD/$(dirname "$build")/peers/usr/bin:$PWD/build/peers/usr/bin # where packaging/dependencies.sh unpacks them

# -- the example alert rules ------------------------------------------------------------------------------------------------

cp examples/prometheus-rules.yaml tests/service/prometheus_rules_test.yaml "$dir"
promtool check rules "$dir/prometheus-rules.yaml" >"$dir/rules.out" 2>&1
is "the alert rules are well formed" "$?" 0
(cd "$dir" && promtool test rules prometheus_rules_test.yaml) >"$dir/rules.out" 2>&1
is "  and are raised when they should be, and not else" "$?" 0
sed -i 's/== 3/== 2/' "$dir/prometheus-rules.yaml"
(cd "$dir" && promtool test rules prometheus_rules_test.yaml) >"$dir/rules.out" 2>&1
is "  a wrong rule would be noticed" "$?" 1
sed -n 's/.*alert: /alertname: /p' examples/prometheus-rules.yaml | sort >"$dir/alerts"
is "  each of them has a test" "$(grep -o 'alertname: [A-Za-z]*' tests/service/prometheus_rules_test.yaml | sort -u | comm -3 - "$dir/alerts")" ''

# -- a run ------------------------------------------------------------------------------------------------------------------

cat >"$dir/world.scenario" <<END
api
ntp
config schedule.interval=24h
config probe.timeout=2s
trunk good
trunk bad secret=wrong
trunk silent extra=yes answer=silent
trunk tls transport=tls
END
lab world
metrics=$dir/run/metrics.prom
config without "$dir/world/trunkauditd.yaml"
config service "$dir/world/trunkauditd.yaml"
# A name that would end the label, were it not escaped.
cat >>"$dir/service.yaml" <<END
  - name: "od\"d} 1 # HELP \\\\ \u00e4\u202e"
    id: odd
    extra: true
    authentication: none
    proxies: ["127.0.0.1:9"]
metrics:
  file: $metrics
END
start service
wait_for "the run" said service 'Run 1 done'
has "a directory that is not there is told" "$dir/service.err" '^warning: Unable to write the metrics to .*/run/metrics\.prom: No such file'
is "  once" "$(grep -c 'Unable to write the metrics' "$dir/service.err")" 1
mkdir "$dir/run"
tell service USR1
wait_for "another run" said service 'Run 2 done'
wait_for "the file" test -s "$metrics"
has "  and when it is there again" "$dir/service.err" '^notice: The metrics are written to .* again'

promtool check metrics <"$metrics" >"$dir/lint" 2>&1
is "promtool finds nothing wrong" "$? $(cat "$dir/lint")" '0 '
is "everybody may read it" "$(stat -c %a "$metrics")" 644
is "nothing else is left there" "$(ls -A "$dir/run")" metrics.prom
value() { # value METRIC LABELS-REGEX: of the only such line
	sed -n "s/^trunkaudit_$1{[^}]*$2[^}]*} //p" "$metrics"
}
plain() { sed -n "s/^trunkaudit_$1 //p" "$metrics"; }
is "a trunk that passes" "$(value trunk_severity 'trunk="good"')" 0
is "  one that fails" "$(value trunk_severity 'trunk="bad"') $(value trunk_info 'trunk="bad".*cause="wrong_password')" '3 1'
is "  one that cannot be tested" "$(value trunk_severity 'trunk="silent"') $(value trunk_tested_timestamp_seconds silent)" '2 '
is "trunks by outcome" "$(value trunks pass) $(value trunks warn) $(value trunks fail) $(value trunks untested)" \
	"$(sql service "SELECT group_concat(n, ' ') FROM (SELECT sum(outcome = column1) AS n FROM (VALUES ('pass'), ('warn'), ('fail'), ('untested')),
		latest GROUP BY column1 ORDER BY instr('pass warn fail untested', column1))")"
is "the newest run" "$(plain last_complete_run) $(plain last_complete_run_end_timestamp_seconds)" \
	"$(sql service "SELECT id, format('%d.%06d', finished_usec / 1000000, finished_usec % 1000000) FROM run WHERE id = 2" | tr '|' ' ')"
is "when a trunk passed last" "$(value trunk_passed_timestamp_seconds 'trunk="good"')" \
	"$(sql service "SELECT format('%d.%06d', started_usec / 1000000, started_usec % 1000000) FROM run WHERE id = 2")"
is "since when its credentials are refused" "$(value trunk_credentials_refused_since_timestamp_seconds 'trunk="bad"')" '[0-9]*'
is "when a certificate ends" "$(value trunk_certificate_end_timestamp_seconds 'trunk="tls"')" \
	"$(sql service "SELECT certificate_ends_sec FROM trunk_standing JOIN trunk ON trunk.key = trunk WHERE name = 'tls'")"
is "  is known" "$(sql service "SELECT certificate_ends FROM standing WHERE trunk = 'tls'")" '20*Z'
is "the clock" "$(plain clock_severity) $(plain clock_servers_used)" '0 1'
is "the platform" "$(plain platform_severity) $(value platform_info 'cause="platform_ok"')" '0 1'
is "runs" "$(plain runs_total) $(value runs_last_day 'state="done"') $(plain schedule_interval_seconds)" '2 2 86400'
is "the operations guide explains each" \
	"$(sed -n 's/^# TYPE trunkaudit_\([a-z_]*\) .*/\1/p' "$metrics" | while read -r name; do grep -q "\`$name\`" docs/operations.md || echo "$name"; done)" ''
has "the odd name is escaped" "$metrics" '^trunkaudit_trunk_info\{trunk_id="odd",trunk="od\\"d\} 1 # HELP \\\\ ä'

# -- the real node exporter ---------------------------------------------------------------------------------------------------

mkdir "$dir/textfiles"
ln -s "$metrics" "$dir/textfiles/trunkaudit.prom"
# fetch PORT: the exporter's page.
cat >"$dir/fetch.py" <<'END'
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    while data := s.recv(65536):
        sys.stdout.buffer.write(data)
END
prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.textfile.directory="$dir/textfiles" \
	--web.listen-address=127.0.0.1:0 >"$dir/exporter.err" 2>&1 &
exporter=$!
pids="$pids $exporter"
port_known() {
	inodes=$(find "/proc/$exporter/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n')
	port=$(for inode in $inodes; do
		awk -v inode="$inode" '$10 == inode && $4 == "0A" { split($2, a, ":"); print a[2] }' /proc/net/tcp
	done)
	port=$(printf %d "0x${port:?}")
}
wait_for "the exporter" eval '(port_known) 2>/dev/null'
port_known
python3 "$dir/fetch.py" "$port" >"$dir/page"
has "the exporter reads the file through a link" "$dir/page" '^node_textfile_scrape_error 0'
is "  all of it" "$(grep -c '^trunkaudit_' "$dir/page")" "$(grep -c '^trunkaudit_' "$metrics")"
has "  the odd name, too" "$dir/page" '^trunkaudit_trunk_info\{.*trunk="od\\"d\} 1 # HELP \\\\ ä'
kill "$exporter"

# -- reloads, and the end ------------------------------------------------------------------------------------------------------

cp "$dir/service.yaml" "$dir/good.yaml"
echo 'mistake: 1' >>"$dir/service.yaml"
tell service HUP
wait_for "the refusal" grep -q '^trunkaudit_config_last_load_successful 0' "$metrics"
cp "$dir/good.yaml" "$dir/service.yaml"
tell service HUP
wait_for "the good one" grep -q '^trunkaudit_config_last_load_successful 1' "$metrics"
result 0 "the metrics tell whether the newest configuration is in force"
stop service
is "the file stays when the service stops" "$(plain last_complete_run)" 2
rm "$metrics"
start service
wait_for "the file after a start" test -s "$metrics"
is "a start writes what the database knows" "$(plain last_complete_run) $(value trunk_severity 'trunk="bad"')" '2 3'
stop service

start without
wait_for "the run" said without 'Run 1 done'
stop without
is "without metrics.file there is none" "$(find "$dir" -name '*.prom' ! -path "$metrics" ! -type l)" ''

lab_end
is "peers have nothing to complain of" "$(cat "$dir/world/violations")" ''
finish
