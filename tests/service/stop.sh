#!/bin/sh
# stop.sh [BUILD]: the service ends when it is told to, whatever it waits for, and what it knows is stored. And what reloads leave behind.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
api audits=endless
config schedule.splay=0s
config schedule.interval=24h
config probe.spacing=0s
config probe.timeout=2s
trunk good
trunk bad secret=wrong
trunk silent extra=yes answer=silent
END
lab world
all=$dir/world/trunkauditd.yaml
without silent <"$all" >"$dir/quick"
sed 's/timeout: 2s/timeout: 60s/' "$all" >"$dir/slow"

# ends NAME TEXT: TERM, and how long its end takes. Nothing here fails by that, but it is to be below five seconds.
ends() {
	began=$(date +%s%N)
	tell "$1" TERM
	ended "$1"
	echo "# TERM $2: $((($(date +%s%N) - began) / 1000000)) ms to the end of the process"
	is "TERM $2: exit 0" "$code" 0
	is "  STOPPING is the last that is told" "$(tail -n 1 "$dir/$1.notify")" '*STOPPING=1*'
}

# Holds the write lock of $dir/NAME.db until "let_go".
hold() {
	mkfifo "$dir/$1.fifo"
	sqlite3 "$dir/$1.db" <"$dir/$1.fifo" >"$dir/$1.held" &
	pids="$pids $!"
	exec 9>"$dir/$1.fifo"
	echo 'BEGIN IMMEDIATE; SELECT 1;' >&9
	wait_for "the lock" test -s "$dir/$1.held"
}
let_go() { exec 9>&-; }

# -- the audit log is asked, and never done ---------------------------------------------------------------------------------

config asks "$dir/quick"
start asks
wait_for "the question" grep -q GET "$dir/world/audits"
tell asks USR1
wait_for "USR1 in the question" said asks 'the one that is asked for follows it'
ends asks 'while the audit log is asked'
is "  its results are stored" "$(sql asks 'SELECT state, trunks FROM run')" 'done|2'
config quiet "$dir/quick"
start quiet
wait_for "the question" grep -q GET "$dir/world/audits"
wait_for "the first run" eval "[ \"\$(sql quiet 'SELECT state FROM run')\" = 'done' ]"
tell quiet USR1
wait_for "the run that was asked for" said quiet 'Run 2 started \(signal\)'
ends quiet 'in a run that was asked for while the audit log was'

# -- another process ----------------------------------------------------------------------------------------------------------

config lock "$dir/quick"
config lock-run "$dir/slow"
sed -i 's|lock-run\.db|lock.db|' "$dir/lock-run.yaml"
start lock-run "$build/trunkaudit" --config "$dir/lock-run.yaml" run
wait_for "its run" eval "[ \"\$(sql lock 'SELECT state FROM run')\" = running ]"
start lock
wait_for "the service waits" said lock 'Another process audits'
ends lock 'while it waits for another process'
tell lock-run TERM
ended lock-run
is "  the other process was not disturbed" "$(sql lock 'SELECT state FROM run')" aborted

config writer "$dir/slow"
start writer
wait_for "a run" said writer 'Run 1 started'
sleep 1
hold writer
ends writer 'in a run, with the database locked by another writer'
has "  that nothing could be stored is told" "$dir/writer.err" '1 runs could not be stored in .* before the service ended'
let_go

# -- the network --------------------------------------------------------------------------------------------------------------

# A socket that takes everything and never answers: a name server, a platform, a carrier.
cat >"$dir/deaf.py" <<'END'
import socket, sys, time
sockets = []
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    s = socket.socket(socket.AF_INET, kind)
    s.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        s.listen(50)
    sockets.append(s)
print(*(s.getsockname()[1] for s in sockets), flush=True)
time.sleep(600)
END
python3 "$dir/deaf.py" >"$dir/deaf" &
pids="$pids $!"
wait_for "the deaf ones" test -s "$dir/deaf"
read -r udp tcp <"$dir/deaf"
grep -v '^dns:' "$dir/slow" | sed -e "s|proxies: .*|proxies: [\"sbc.carrier.example\"]|" >"$dir/names.yaml"
config dns "$dir/names.yaml" -e "1i dns:\n  servers: [\"127.0.0.1:$udp\"]"
start dns
wait_for "a run" said dns 'Run 1 started'
sleep 1
ends dns 'while a name server is silent'
is "  every trunk has its row" "$(sql dns "SELECT state, trunks = (SELECT count(*) FROM result) FROM run")" 'aborted|1'
config tls "$dir/slow" -e "s|\(_url: \"https://[a-z0-9.]*\):[0-9]*|\1:$tcp|"
start tls
wait_for "a run" said tls 'Run 1 started'
sleep 1
ends tls 'while the platform is silent in the handshake'
is "  the run is stored" "$(sql tls 'SELECT state FROM run')" aborted

# -- what reloads leave -------------------------------------------------------------------------------------------------------

config load "$dir/quick"
cp "$dir/world/secrets/trunk-0001" "$dir/password"
sed -i "s|$dir/world/secrets/trunk-0001|$dir/password|" "$dir/load.yaml"
start load
wait_for "the first run" eval "[ \"\$(sql load 'SELECT state FROM run')\" = 'done' ]"
# shellcheck disable=SC2317 # called by wait_for
loads() { [ "$(sql load 'SELECT count(*) FROM config_loads')" -ge "$1" ]; }
cp "$dir/load.yaml" "$dir/load.good"
echo 'shedule: {}' >>"$dir/load.yaml"
tell load HUP
wait_for "the refusal" loads 2
is "a refused reload is a row with the first mistake" "$(sql load "SELECT occasion, outcome, mistakes, complaint, trunks IS NULL, sha256 = '$(
	sha256sum <"$dir/load.yaml" | cut -d ' ' -f 1)' FROM config_loads LIMIT 1")" 'reload|refused|1|*load.yaml:[0-9]*:*shedule*|1|1'
cp "$dir/load.good" "$dir/load.yaml"
printf wrong >"$dir/password"
tell load HUP
wait_for "the reload" loads 3
is "an accepted one is a row, too" "$(sql load 'SELECT occasion, outcome, mistakes, complaint IS NULL, trunks FROM config_loads LIMIT 1')" \
	'reload|accepted|0|1|2'
tell load USR1
wait_for "the second run" eval "[ \"\$(sql load \"SELECT count(*) FROM run WHERE state = 'done'\")\" = 2 ]"
is "  a secret in a file was read again" "$(sql load "SELECT cause FROM results WHERE run = 2 AND trunk = 'good'")" wrong_password
is "  each run says which configuration it had" "$(sql load 'SELECT group_concat(config) FROM run')" '1,3'
stop load

lab_end
finish
