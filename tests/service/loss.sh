#!/bin/sh
# loss.sh [BUILD]: trunks behind paths that lose three of ten datagrams, either way. Some of the carriers decide a retransmission anew, so
# that it meets the nonce that its first copy used up. What is right is never called wrong, what is wrong never passes, and the evidence
# counts every datagram that was sent.
set -u
# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh

cat >"$dir/world.scenario" <<END
config schedule.interval=24h
config probe.spacing=0s
config probe.concurrency=60
config probe.t1=50ms
config probe.timeout=5s
trunk right-%d count=40 extra=yes loss=30 seed=1
trunk right-407-%d count=10 extra=yes loss=30 seed=2 challenge=407+401 algorithm=SHA-256 rspauth=right
trunk once-%d count=40 extra=yes loss=30 seed=3 one_time=yes stateless=yes
trunk once-stale-%d count=10 extra=yes loss=30 seed=4 one_time=yes stateless=yes stale_first=1
trunk wrong-%d count=40 extra=yes loss=30 seed=5 secret=wrong
trunk wrong-once-%d count=40 extra=yes loss=30 seed=6 secret=wrong one_time=yes stateless=yes
# Near miss: no loss.
trunk direct-%d count=5 extra=yes one_time=yes stateless=yes
END
lab world
"$build/trunkaudit" --config "$dir/world/trunkauditd.yaml" run >"$dir/run.out" 2>"$dir/run.err"
lab_end
query() { sqlite3 -separator ' ' "$dir/world/audit.db" "$1"; }
# these NAMES [CONDITION]: how many of the trunks are so
these() { query "SELECT count(*) FROM latest WHERE trunk GLOB '$1' AND ${2:-1}"; }
accepted="cause IN ('ok', 'retransmission_refused')"
untested="cause IN ('no_answer', 'answer_dropped')"
unproven="cause IN ('no_answer', 'answer_dropped', 'refusal_unproven', 'budget_spent', 'lockout_suspected')"

is "all trunks have a verdict" "$(these '*')" 185
is "a right password passes, or was not tested" "$(query "
	SELECT trunk, cause, detail FROM latest WHERE trunk GLOB 'right-*' AND outcome <> 'pass' AND NOT $untested")" ''
is "  most pass" "$(($(these 'right-*' "cause = 'ok'") >= 40))" 1
is "with nonces that serve once it is accepted, or nothing was proven" "$(query "
	SELECT trunk, cause, detail FROM latest WHERE trunk GLOB 'once-[0-9]*' AND NOT $accepted AND NOT $unproven")" ''
is "  most are accepted" "$(($(these 'once-[0-9]*' "$accepted") >= 20))" 1
is "  also when one was stale besides" "$(query "
	SELECT trunk, cause, detail FROM latest WHERE trunk GLOB 'once-stale-*' AND NOT $accepted AND NOT $unproven AND cause <> 'stale_once'")" ''
is "a wrong password is called so, or nothing was proven" "$(query "
	SELECT trunk, cause, detail FROM latest WHERE trunk GLOB 'wrong-*' AND cause <> 'wrong_password' AND NOT $unproven")" ''
is "  some are called so" "$(($(these 'wrong-*' "cause = 'wrong_password'") > 0))" 1
is "without loss all pass" "$(these 'direct-*' "cause = 'ok'")" 5

is "the evidence of a refusal that proves nothing says why" "$(query "
	SELECT count(*) FROM latest WHERE cause = 'refusal_unproven' AND detail NOT LIKE '%which was sent % times%'")" 0
is "a good answer was retransmitted" "$(($(query "SELECT count(*) FROM messages WHERE status = 200 AND retransmissions > 0") > 0))" 1
is "the retransmission of a good answer was refused" "$(($(query "
	SELECT count(*) FROM messages WHERE trunk GLOB 'once-*' AND status = 401 AND retransmissions > 0
		AND request LIKE '%Authorization: Digest%'") > 0))" 1
# A datagram that the path took is none the less one that was sent.
query "SELECT trunk, count(*) + sum(retransmissions) FROM messages GROUP BY trunk" | LC_ALL=C sort >"$dir/evidence"
awk -F '\t' '{ print $1, $2 + $5 + $6 }' "$dir/world/carriers.tsv" | LC_ALL=C sort >"$dir/carriers"
is "the messages count what was sent, trunk by trunk" "$(diff "$dir/evidence" "$dir/carriers")" ''
is "  and the path took some" "$(awk -F '\t' '{ n += $6 } END { print (n > 0) }' "$dir/world/carriers.tsv")" 1
is "at most three requests with credentials for each trunk" "$(awk -F '\t' '$3 > 3' "$dir/world/carriers.tsv")" ''
is "the carriers have no complaint" "$(cat "$dir/world/violations")" ''
finish
