-- The views: the database's interface for people. Each statement is compared with what the database has; when one differs, all of
-- them are made anew. So: start with CREATE VIEW in capitals, one statement a view, and leave the DROP of a view that is gone.

DROP VIEW IF EXISTS results;
CREATE VIEW results AS -- every result in words; the other views are made of it
SELECT
  r.run,                                                       -- id of the run
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS time, -- when the run started
  coalesce(t.name, t.trunk_id) AS trunk,
  t.trunk_id,
  carrier.target AS carrier,                                   -- host and port that were asked; NULL: not probed
  nullif(carrier.address, '') AS address,                      -- what that resolved to
  o.word AS outcome,                                           -- pass, warn, untested, fail
  c.word AS cause,
  r.confidence,                                                -- proven, indicated; NULL: stored by an earlier version
  r.detail,                                                    -- what was seen
  CASE WHEN r.outcome > 0 THEN c.remedy END AS remedy,         -- what to do; NULL: nothing, it passed
  c.sentence,                                                  -- what the cause means
  round(r.latency_usec / 1000.0, 1) AS latency_ms,             -- of the first request that was answered
  round(r.carrier_offset_usec / 1000.0, 1) AS carrier_offset_ms, -- the carrier's clock minus this host's; NULL: cannot be told
  round(r.carrier_bound_usec / 1000.0, 1) AS carrier_bound_ms, -- the true difference lies within offset +- bound
  r.carrier_source,                                            -- what tells it: nonce, expiry, date, both
  -- "+0.4 s +-0.5": both in short
  iif(r.carrier_source IS NULL, NULL, format('%+.1f s +-%.1f', r.carrier_offset_usec / 1000000.0, r.carrier_bound_usec / 1000000.0))
    AS carrier_clock,
  r.nonce_family,                                              -- whose form its nonces have; NULL: opaque
  r.nonce_lifetime_sec AS nonce_lifetime_s,                    -- as the nonce itself says; NULL: it does not
  r.nonce_policy,                                              -- one-time, counted; NULL: it says neither
  round(r.nonce_age_usec / 1000.0, 1) AS nonce_age_ms,         -- at most, when its answer was judged
  r.requests,                                                  -- sent
  r.credentialed,                                              -- of them with an answer
  r.outcome AS severity,                                       -- 0 pass ... 3 fail
  r.trunk AS trunk_key
FROM result AS r
JOIN run ON run.id = r.run
JOIN trunk AS t ON t.key = r.trunk
JOIN outcome AS o ON o.id = r.outcome
JOIN cause AS c ON c.id = r.cause
LEFT JOIN carrier ON carrier.id = r.carrier;

DROP VIEW IF EXISTS latest;
CREATE VIEW latest AS -- the newest result of every trunk that the platform lists now or that is extra
SELECT
  r.trunk, r.trunk_id, r.carrier, r.outcome, r.cause, r.confidence, r.detail, r.remedy, r.sentence, r.run, r.time, r.latency_ms,
  -- When the platform last said of the trunk what this result used; NULL: an extra trunk. Older than the run: the platform could not be asked.
  strftime('%Y-%m-%dT%H:%M:%SZ', iif(t.listed, run.trunks_known_usec, NULL) / 1000000, 'unixepoch') AS trunks_as_of,
  iif(t.listed, max(run.started_usec - run.trunks_known_usec, 0) / 1000000, NULL) AS trunks_age_s -- when the run started
FROM trunk AS t
CROSS JOIN results AS r -- CROSS: trunks are the outer loop, so that old results cost nothing
JOIN run ON run.id = r.run
WHERE r.trunk_key = t.key AND r.run = (SELECT max(run) FROM result WHERE trunk = t.key)
  -- An extra trunk is gone from the configuration when the newest complete run did not have it.
  AND (t.listed OR (t.extra AND r.run >= coalesce((SELECT max(id) FROM run WHERE state = 'done' AND NOT partial), 0)))
ORDER BY r.trunk COLLATE NOCASE, r.trunk_id;

DROP VIEW IF EXISTS standing;
CREATE VIEW standing AS -- the trunks of `latest`: the newest verdict, and since when what is known
SELECT
  coalesce(t.name, t.trunk_id) AS trunk,
  t.trunk_id,
  carrier.target AS carrier,
  o.word AS outcome,
  c.word AS cause,
  r.detail,
  strftime('%Y-%m-%dT%H:%M:%SZ', s.tested_usec / 1000000, 'unixepoch') AS last_tested, -- start of the newest run that tested it; NULL: never
  strftime('%Y-%m-%dT%H:%M:%SZ', s.passed_usec / 1000000, 'unixepoch') AS last_passed, -- ... in which its carrier accepted it
  strftime('%Y-%m-%dT%H:%M:%SZ', j.since_usec / 1000000, 'unixepoch') AS refused_since, -- these very credentials; NULL: they are not
  strftime('%Y-%m-%dT%H:%M:%SZ', s.certificate_ends_sec, 'unixepoch') AS certificate_ends, -- of the carrier; NULL: its newest test saw none
  -- The same for machines, and what they need beside it.
  r.outcome AS severity, r.latency_usec, r.carrier_offset_usec, r.carrier_bound_usec,
  s.tested_usec, s.passed_usec, j.since_usec AS refused_since_usec, s.certificate_ends_sec * 1000000 AS certificate_ends_usec,
  r.run
FROM trunk AS t NOT INDEXED -- in the order of the keys, which is that of the results: four times as fast for many trunks
CROSS JOIN result AS r -- CROSS: as in latest
JOIN outcome AS o ON o.id = r.outcome
JOIN cause AS c ON c.id = r.cause
LEFT JOIN carrier ON carrier.id = r.carrier
LEFT JOIN trunk_standing AS s ON s.trunk = t.key
LEFT JOIN rejection AS j ON j.trunk = t.key
WHERE r.trunk = t.key AND r.run = (SELECT max(run) FROM result WHERE trunk = t.key)
  AND (t.listed OR (t.extra AND r.run >= coalesce((SELECT max(id) FROM run WHERE state = 'done' AND NOT partial), 0))) -- as in latest
ORDER BY trunk COLLATE NOCASE, t.trunk_id;

DROP VIEW IF EXISTS platform_view;
CREATE VIEW platform_view AS -- what the platform itself says of each trunk (profile edges), beside our verdict
SELECT
  l.trunk,
  l.outcome, l.cause, l.detail,                                -- ours, in the newest run that has the trunk
  t.in_service,                                                -- yes, no: switched on in its trunk base
  t.edge_in_service,                                           -- yes, no: the Edge that carries it is in service
  t.connected, t.connected_time AS connected_since,            -- yes, no: as the platform sees it
  t.options,                                                   -- ENABLED, DISABLED, NOT_SUPPORTED: whether it sends OPTIONS
  t.options_status,                                            -- what became of them: "PROXY up|down since TIME: ERROR; ..."
  t.registers,                                                 -- the same of REGISTER
  t.registers_status,
  t.base_name AS base,                                         -- the trunk base that holds its settings
  t.managed,                                                   -- yes: the provider manages the base, and hides its settings
  strftime('%Y-%m-%dT%H:%M:%SZ', t.last_listed_usec / 1000000, 'unixepoch') AS said, -- when the platform said so
  l.time,                                                      -- when our run started
  l.trunk_id,
  t.base_id
FROM latest AS l
JOIN trunk AS t ON t.trunk_id = l.trunk_id
WHERE t.base_id IS NOT NULL;

DROP VIEW IF EXISTS failures;
CREATE VIEW failures AS -- what did not pass in the newest complete run, worst first
SELECT
  trunk, trunk_id, carrier, outcome, cause, confidence, detail, remedy, sentence, run, time, latency_ms
FROM results
WHERE run = (SELECT max(id) FROM run WHERE state = 'done' AND NOT partial) AND severity > 0
ORDER BY severity DESC, trunk COLLATE NOCASE, trunk_id;

DROP VIEW IF EXISTS history;
CREATE VIEW history AS -- all results, newest first
SELECT
  time, trunk, outcome, cause, confidence, detail, latency_ms, carrier_clock, run, trunk_id, carrier, address, remedy, requests, credentialed,
  carrier_offset_ms, carrier_bound_ms, carrier_source, nonce_family, nonce_lifetime_s, nonce_policy, nonce_age_ms
FROM results
ORDER BY run DESC, trunk COLLATE NOCASE, trunk_id;

DROP VIEW IF EXISTS proxies;
CREATE VIEW proxies AS -- the newest verdict on each proxy of the trunks that are probed on each
SELECT
  coalesce(t.name, t.trunk_id) AS trunk,
  t.trunk_id,
  p.seq,                                                       -- 1, 2, ... in order of preference
  p.target AS proxy,                                           -- as configured
  p.address,                                                   -- where requests went; NULL: nowhere
  o.word AS outcome,
  c.word AS cause,
  p.detail,                                                    -- what was seen
  CASE WHEN p.outcome > 0 THEN c.remedy END AS remedy,         -- what to do; NULL: nothing, it passed
  round(p.latency_usec / 1000.0, 1) AS latency_ms,
  p.run,
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS time -- when the run started
FROM latest AS l
JOIN trunk AS t ON t.trunk_id = l.trunk_id
CROSS JOIN proxy_result AS p -- CROSS: as in latest
JOIN run ON run.id = p.run
JOIN outcome AS o ON o.id = p.outcome
JOIN cause AS c ON c.id = p.cause
WHERE p.trunk = t.key AND p.run = (SELECT max(run) FROM proxy_result WHERE trunk = t.key)
  -- A trunk that was later probed once is no longer probed on each.
  AND NOT EXISTS (SELECT 1 FROM result AS r WHERE r.trunk = t.key AND r.run > p.run AND r.carrier IS NOT NULL)
ORDER BY trunk COLLATE NOCASE, t.trunk_id, p.seq;

DROP VIEW IF EXISTS carriers;
CREATE VIEW carriers AS -- each carrier address as its trunks' newest probes saw it: its clock, and how its nonces live
SELECT
  carrier,                                                     -- as configured
  address,                                                     -- where requests went
  count(*) AS trunks,                                          -- whose newest probe went there
  max(run) AS run,                                             -- the newest of them; what follows is of it
  time,                                                        -- when that run started
  carrier_clock,                                               -- against this host's; NULL: cannot be told
  carrier_offset_ms, carrier_bound_ms, carrier_source,
  nonce_family,                                                -- whose form its nonces have; NULL: opaque
  nonce_lifetime_s,                                            -- as the nonce itself says; NULL: it does not
  nonce_policy                                                 -- one-time, counted; NULL: the nonce says neither
FROM trunk AS t
CROSS JOIN results AS r -- CROSS: as in latest
WHERE r.trunk_key = t.key AND r.address IS NOT NULL
  AND r.run = (SELECT max(run) FROM result WHERE trunk = t.key AND carrier IS NOT NULL)
GROUP BY carrier, address
ORDER BY carrier COLLATE NOCASE, address;

DROP VIEW IF EXISTS messages;
CREATE VIEW messages AS -- the messages that were kept, newest run first, each trunk's in order of sending
SELECT
  strftime('%Y-%m-%dT%H:%M:%fZ', e.sent_usec / 1000000.0, 'unixepoch') AS time, -- of sending; NULL: it did not come to that
  e.run,
  coalesce(t.name, t.trunk_id) AS trunk,
  e.seq AS step,                                               -- 1, 2, ...
  a.address,                                                   -- where it went
  a.transport,                                                 -- udp, tcp, tls
  replace(e.request, char(13), '') AS request,                 -- secrets redacted, line ends for a terminal
  replace(e.response, char(13), '') AS response,
  e.status,                                                    -- of the response; NULL: none
  round(e.rtt_usec / 1000.0, 1) AS rtt_ms,
  e.retransmissions,
  e.changed,                                                   -- the input that is another than in the first request of its kind
  e.ending,                                                    -- responded, no_response, refused, closed, ...
  coalesce(e.problem, CASE WHEN e.ending = 'untrusted' THEN a.tls_error END) AS problem, -- the error behind the ending
  t.trunk_id,
  a.how                                                        -- the DNS records that led to the address
FROM evidence AS e
JOIN trunk AS t ON t.key = e.trunk
LEFT JOIN evidence_target AS a ON a.run = e.run AND a.trunk = e.trunk AND a.seq = e.target
ORDER BY e.run DESC, trunk COLLATE NOCASE, t.trunk_id, e.seq;

DROP VIEW IF EXISTS certificates;
CREATE VIEW certificates AS -- the newest certificate of each carrier address, for each set of names it was asked for; soonest end first
SELECT
  a.address,
  a.tls_wanted AS wanted,                                      -- the names that were accepted
  a.tls_subject AS subject,
  a.tls_names AS names,                                        -- whom it is for
  a.tls_chain_end AS chain_end,                                -- issuer of the last certificate of its chain
  strftime('%Y-%m-%dT%H:%M:%SZ', a.tls_not_after_sec, 'unixepoch') AS not_after,
  round((a.tls_not_after_sec - run.started_usec / 1000000) / 86400.0, 1) AS days_left, -- when that run started
  a.tls_protocol AS protocol,
  a.tls_cipher AS cipher,
  a.tls_error AS problem,                                      -- NULL: it was good
  max(a.run) AS run,                                           -- that saw it; the other columns are of this run, too
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS time
FROM evidence_target AS a
JOIN run ON run.id = a.run
WHERE a.tls_not_after_sec IS NOT NULL
GROUP BY a.address, a.tls_wanted
ORDER BY a.tls_not_after_sec, a.address, a.tls_wanted;

DROP VIEW IF EXISTS causes;
CREATE VIEW causes AS -- every cause with its meaning, and how often and when it was last seen
SELECT
  c.word AS cause, c.kind, c.outcome, coalesce(seen.times, 0) AS times,
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS last_seen, -- start of that run; NULL: never
  c.sentence, c.remedy,
  c.confidence,                                                -- the most that it may claim: proven, indicated
  c.proof,                                                     -- what evidence it stands on
  c.reference                                                  -- where the rule is written
FROM cause AS c
LEFT JOIN (
  SELECT cause, count(*) AS times, max(run) AS run
  FROM (SELECT cause, run FROM result
        UNION ALL SELECT clock_cause, id FROM run
        UNION ALL SELECT platform_cause, id FROM run)
  GROUP BY cause
) AS seen ON seen.cause = c.id
LEFT JOIN run ON run.id = seen.run
ORDER BY c.id;

DROP VIEW IF EXISTS clock;
CREATE VIEW clock AS -- the clock's verdict of every run, newest first
SELECT
  run.id AS run,
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS time,
  c.word AS cause,
  round(run.clock_offset_usec / 1000.0, 3) AS offset_ms,       -- NTP servers minus this host; NULL: not measured
  round(run.clock_bound_usec / 1000.0, 3) AS bound_ms,         -- the true offset lies within offset +- bound
  run.clock_servers AS servers,                                -- asked
  run.clock_servers_used AS used,                              -- that the offset comes from
  round(run.witness_offset_usec / 1000.0, 3) AS witness_ms,    -- Date of the API's reply minus this host
  round(run.witness_bound_usec / 1000.0, 3) AS witness_bound_ms,
  run.clock_detail AS detail
FROM run
JOIN cause AS c ON c.id = run.clock_cause
ORDER BY run.id DESC;

DROP VIEW IF EXISTS coverage;
CREATE VIEW coverage AS -- how completely each trunk was audited
SELECT
  coalesce(t.name, t.trunk_id) AS trunk,
  t.trunk_id,
  coalesce(n.runs, 0) AS runs,                                 -- runs that have a result for it
  coalesce(n.tested, 0) AS tested,                             -- of them: its credentials were tested
  coalesce(n.passed, 0) AS passed,                             -- of those: outcome pass
  coalesce(n.failed, 0) AS failed,                             -- of those: outcome fail
  coalesce(n.untested, 0) AS untested,
  strftime('%Y-%m-%dT%H:%M:%SZ', tested.started_usec / 1000000, 'unixepoch') AS last_tested,
  strftime('%Y-%m-%dT%H:%M:%SZ', passed.started_usec / 1000000, 'unixepoch') AS last_pass,
  -- Slots since its first result in which there was no run, nor one when the slot came again.
  (SELECT count(*) FROM run AS m WHERE m.state = 'missed' AND m.id > n.first
    AND NOT EXISTS (SELECT 1 FROM run AS r WHERE r.slot_usec = m.slot_usec AND r.state <> 'missed')) AS missed
FROM trunk AS t
LEFT JOIN (
  SELECT
    r.trunk, count(*) AS runs, min(r.run) AS first,
    sum(o.word <> 'untested') AS tested, sum(o.word = 'pass') AS passed,
    sum(o.word = 'fail') AS failed, sum(o.word = 'untested') AS untested,
    max(CASE WHEN o.word <> 'untested' THEN r.run END) AS last_tested,
    max(CASE WHEN o.word = 'pass' THEN r.run END) AS last_pass
  FROM result AS r
  JOIN outcome AS o ON o.id = r.outcome
  GROUP BY r.trunk
) AS n ON n.trunk = t.key
LEFT JOIN run AS tested ON tested.id = n.last_tested
LEFT JOIN run AS passed ON passed.id = n.last_pass
ORDER BY trunk COLLATE NOCASE, t.trunk_id;

DROP VIEW IF EXISTS runs;
CREATE VIEW runs AS -- all runs, newest first
SELECT
  run.id,
  strftime('%Y-%m-%dT%H:%M:%SZ', run.slot_usec / 1000000, 'unixepoch') AS slot, -- the scheduled instant; NULL: a command's run
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS started,
  strftime('%Y-%m-%dT%H:%M:%SZ', run.finished_usec / 1000000, 'unixepoch') AS finished,
  run.state,                                                   -- running, done, aborted, broken, missed
  run.trigger, run.partial,
  run.reason,                                                  -- why the slot was missed, or why the run belongs to none; NULL else
  run.reason_detail,                                           -- what is known of it: since when, until when
  clock.word AS clock_cause,
  platform.word AS platform_cause,
  run.platform_detail,
  run.platform_correlation_id AS correlation_id,
  run.trunks, run.passed, run.warned, run.failed, run.untested,
  -- When the list of trunks was read from the platform; NULL: never. Before the start: it could not be asked, and the list is so old.
  strftime('%Y-%m-%dT%H:%M:%SZ', run.trunks_known_usec / 1000000, 'unixepoch') AS trunks_as_of,
  max(run.started_usec - run.trunks_known_usec, 0) / 1000000 AS trunks_age_s, -- when the run started
  round((run.finished_usec - run.started_usec) / 1000000.0, 1) AS seconds,
  run.program,                                                 -- version
  config.sha256 AS config_sha256                               -- of the configuration in force; NULL: a command's run, or missed
FROM run
LEFT JOIN config_load AS config ON config.id = run.config AND run.state <> 'missed'
LEFT JOIN cause AS clock ON clock.id = run.clock_cause
LEFT JOIN cause AS platform ON platform.id = run.platform_cause
ORDER BY run.id DESC;

DROP VIEW IF EXISTS slots;
CREATE VIEW slots AS -- every scheduled instant, newest first: its run, or why there was none
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', run.slot_usec / 1000000, 'unixepoch') AS slot,
  run.state,                                                   -- the best that came of it: done, running, aborted, broken, missed
  run.id AS run,
  run.reason, run.reason_detail,                               -- why it was missed; NULL: it was not
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS started,
  (run.started_usec - run.slot_usec) / 1000000 AS late_s,      -- how long after the slot its run began
  run.trunks, run.passed, run.warned, run.failed, run.untested
FROM run
WHERE run.slot_usec IS NOT NULL AND run.id = (
  SELECT id FROM run AS r WHERE r.slot_usec = run.slot_usec
  ORDER BY r.state = 'done' DESC, r.state = 'running' DESC, r.state = 'aborted' DESC, r.state = 'broken' DESC, r.id DESC LIMIT 1)
ORDER BY run.slot_usec DESC;

DROP VIEW IF EXISTS config_loads;
CREATE VIEW config_loads AS -- each time that the service read its configuration, newest first
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', read_usec / 1000000, 'unixepoch') AS time,
  occasion,                                                    -- start, reload
  iif(accepted, 'accepted', 'refused') AS outcome,             -- refused: the one before stayed in force
  trunks,                                                      -- that it configures
  mistakes, complaint,                                         -- how many, and the first, or why else it was refused
  file, sha256, id
FROM config_load
ORDER BY id DESC;

DROP VIEW IF EXISTS refusals;
CREATE VIEW refusals AS -- every request to the platform that failed, those that were made again included; newest run first
SELECT
  p.run,
  strftime('%Y-%m-%dT%H:%M:%fZ', p.sent_usec / 1000000.0, 'unixepoch') AS time, -- of sending
  p.method,
  p.path,
  p.status,                                                    -- HTTP; NULL: no reply came
  p.code,                                                      -- the platform's word for it
  p.message,
  p.correlation_id,                                            -- the ids to quote to the platform's support
  p.context_id,
  p.cf_id,
  round(p.duration_usec / 1000.0, 1) AS duration_ms,
  cause.word AS cause                                          -- what became of the run's listing
FROM platform_request AS p
JOIN run ON run.id = p.run
LEFT JOIN cause ON cause.id = run.platform_cause
ORDER BY p.run DESC, p.seq;

DROP VIEW IF EXISTS guard;
CREATE VIEW guard AS -- what the lock-out guard counts, of its limits: requests, answers and failures; and which trunks it holds
WITH period(word, usec) AS (VALUES ('10 minutes', 600000000), ('hour', 3600000000), ('day', 86400000000)),
age AS (SELECT run, CASE WHEN settled THEN unixepoch() * 1000000 - wall_usec ELSE 0 END AS usec FROM ledger),
spent AS (
  SELECT 'trunk' AS subject, s.trunk AS name, p.word, sum(requests) AS requests, sum(credentialed) AS credentialed, sum(failures) AS failures
  FROM period AS p JOIN age ON age.usec < p.usec JOIN trunk_spending AS s USING (run) GROUP BY s.trunk, p.word
  UNION ALL
  SELECT 'carrier', s.host, p.word, sum(requests), sum(credentialed), sum(failures)
  FROM period AS p JOIN age ON age.usec < p.usec JOIN carrier_spending AS s USING (run) GROUP BY s.host, p.word),
shown AS (
  SELECT s.subject, s.name, s.word,
    s.requests || coalesce('/' || l.requests, '') || ', ' || s.credentialed || coalesce('/' || l.credentialed, '') || ', '
    || s.failures || coalesce('/' || l.failures, '') AS text
  FROM spent AS s LEFT JOIN guard_limit AS l ON l.subject = s.subject AND l.period = s.word)
SELECT
  t.trunk,
  t.trunk_id,
  th.text AS hour,                                             -- "requests/limit, answers/limit, failures/limit"; NULL: nothing
  td.text AS day,
  t.host AS carrier,                                           -- the host that it was last asked at; the next three are of all its trunks
  cm.text AS carrier_10m,
  ch.text AS carrier_hour,
  cd.text AS carrier_day,
  strftime('%Y-%m-%dT%H:%M:%SZ', r.since_usec / 1000000, 'unixepoch') AS refused_since, -- NULL: its credentials are not refused
  CASE WHEN t.cause = 'held' THEN t.time END AS held,          -- the run that last held it; NULL: the newest did not
  coalesce(CASE WHEN t.cause IN ('held', 'budget_spent') THEN t.detail END, r.runs || ' runs: ' || c.word) AS why
FROM (
  SELECT t.key, t.trunk_id, l.trunk, l.cause, l.time, l.detail,
    (SELECT trim(rtrim(rtrim(c.address, '0123456789'), ':'), '[]') FROM result AS e JOIN carrier AS c ON c.id = e.carrier
     WHERE e.trunk = t.key ORDER BY e.run DESC LIMIT 1) AS host
  FROM latest AS l JOIN trunk AS t ON t.trunk_id = l.trunk_id) AS t
LEFT JOIN rejection AS r ON r.trunk = t.key
LEFT JOIN cause AS c ON c.id = r.cause
LEFT JOIN shown AS th ON th.subject = 'trunk' AND th.name = t.key AND th.word = 'hour'
LEFT JOIN shown AS td ON td.subject = 'trunk' AND td.name = t.key AND td.word = 'day'
LEFT JOIN shown AS cm ON cm.subject = 'carrier' AND cm.name = t.host AND cm.word = '10 minutes'
LEFT JOIN shown AS ch ON ch.subject = 'carrier' AND ch.name = t.host AND ch.word = 'hour'
LEFT JOIN shown AS cd ON cd.subject = 'carrier' AND cd.name = t.host AND cd.word = 'day'
ORDER BY t.trunk COLLATE NOCASE, t.trunk_id;

DROP VIEW IF EXISTS drift;
CREATE VIEW drift AS -- where platform, configuration and carrier say different things of a trunk; those that still do first, newest first
SELECT
  coalesce(t.name, t.trunk_id) AS trunk,
  t.trunk_id,
  d.field,                                                     -- realm, username, servers, transport, state, algorithm, qop
  d.platform_value AS platform,                                -- what it says; NULL: nothing
  d.config_value AS config,
  d.carrier_value AS carrier,                                  -- in its challenge
  strftime('%Y-%m-%dT%H:%M:%SZ', d.first_usec / 1000000, 'unixepoch') AS first_seen, -- the end of that run
  strftime('%Y-%m-%dT%H:%M:%SZ', d.last_usec / 1000000, 'unixepoch') AS last_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', d.ended_usec / 1000000, 'unixepoch') AS ended, -- no longer so, or not those values; NULL: it is so
  d.first_run,
  d.last_run
FROM difference AS d
JOIN trunk AS t ON t.key = d.trunk
ORDER BY d.ended_usec IS NOT NULL, d.first_run DESC, trunk COLLATE NOCASE, t.trunk_id, d.field;

DROP VIEW IF EXISTS listing_changes;
CREATE VIEW listing_changes AS -- trunks that appeared in the platform's list or vanished from it, newest first
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', c.listed_usec / 1000000, 'unixepoch') AS time, -- of the listing that showed it
  c.change,                                                    -- appeared, vanished
  coalesce(t.name, t.trunk_id) AS trunk,
  t.trunk_id,
  t.listed,                                                    -- 1: the newest complete listing has it
  strftime('%Y-%m-%dT%H:%M:%SZ', t.unlisted_usec / 1000000, 'unixepoch') AS unlisted, -- since when it has not; NULL: it has
  c.listed_usec
FROM listing_change AS c
JOIN trunk AS t ON t.key = c.trunk
ORDER BY c.listed_usec DESC, c.change, trunk COLLATE NOCASE, t.trunk_id;

DROP VIEW IF EXISTS incidents;
CREATE VIEW incidents AS -- stretches of runs with the same failing cause, open ones first, newest first
SELECT
  coalesce(t.name, t.trunk_id, i.kind) AS trunk,               -- or platform, clock, runs (no run finished)
  coalesce(c.word, 'no_run') AS cause,
  strftime('%Y-%m-%dT%H:%M:%SZ', i.first_usec / 1000000, 'unixepoch') AS since, -- the end of its first run
  strftime('%Y-%m-%dT%H:%M:%SZ', i.ended_usec / 1000000, 'unixepoch') AS until, -- NULL: it is open
  round((coalesce(i.ended_usec, unixepoch() * 1000000) - i.first_usec) / 3600000000.0, 1) AS hours,
  i.runs,                                                      -- that had the cause
  i.alerts AS told,                                            -- how often, its end and reminders included; 0: not yet, or silenced
  strftime('%Y-%m-%dT%H:%M:%SZ', i.told_usec / 1000000, 'unixepoch') AS last_told,
  strftime('%Y-%m-%dT%H:%M:%SZ', i.silenced_until_usec / 1000000, 'unixepoch') AS silenced_until, -- as the newest run found it; NULL: not
  strftime('%Y-%m-%dT%H:%M:%SZ', w.flapping_usec / 1000000, 'unixepoch') AS flapping, -- since when; NULL: it does not, or it is over
  iif(i.kind = 'untested', 'untested', 'failing') AS kind,     -- untested: not tested for long, beside what else there is of the trunk
  i.alert_id,                                                  -- TRUNKAUDIT_INCIDENT; kept when the cause changes
  t.trunk_id, i.first_run, i.last_run, i.id
FROM (SELECT *, iif(instr(subject, ':'), substr(subject, 1, instr(subject, ':') - 1), subject) AS kind,
  iif(instr(subject, ':'), substr(subject, instr(subject, ':') + 1), NULL) AS trunk_id FROM incident) AS i
LEFT JOIN trunk AS t ON t.trunk_id = i.trunk_id
LEFT JOIN cause AS c ON c.id = i.cause
LEFT JOIN watch AS w ON w.subject = i.subject AND i.ended_usec IS NULL
ORDER BY i.ended_usec IS NOT NULL, i.first_usec DESC, i.id DESC;

DROP VIEW IF EXISTS changes;
CREATE VIEW changes AS -- what was changed on the platform before a trunk turned bad, newest first; secret values are not kept
SELECT
  coalesce(t.name, t.trunk_id) AS trunk,
  strftime('%Y-%m-%dT%H:%M:%SZ', e.time_usec / 1000000, 'unixepoch') AS time, -- of the change, by the platform's clock
  coalesce(e.user_name, e.client_name, e.user_id, e.client_id) AS who,
  e.remote_ip,                                                 -- from where
  e.action,                                                    -- Create, Update, Delete, ...
  e.property,                                                  -- NULL: the audit log names none
  iif(e.withheld, '(withheld)', e.old) AS old,
  iif(e.withheld, '(withheld)', e.new) AS new,
  e.run,                                                       -- in which the trunk turned bad
  strftime('%Y-%m-%dT%H:%M:%SZ', q.since_usec / 1000000, 'unixepoch') AS since, -- its last good run
  e.status, e.entity_name AS entity, e.entity_id, e.user_id, e.client_id, t.trunk_id
FROM edit AS e
JOIN edit_question AS q ON q.run = e.run AND q.trunk = e.trunk
JOIN trunk AS t ON t.key = e.trunk
ORDER BY e.run DESC, trunk COLLATE NOCASE, t.trunk_id, e.seq;

DROP VIEW IF EXISTS refreshes;
CREATE VIEW refreshes AS -- credentials written to the platform before a probe, newest first: each write, or why there was none
SELECT
  coalesce(t.name, t.trunk_id) AS trunk,
  strftime('%Y-%m-%dT%H:%M:%SZ', r.begun_usec / 1000000, 'unixepoch') AS time,
  r.outcome,                                                   -- written, conflict, refused, failed, withheld, dry_run, begun
  r.detail, r.version_before, r.version_after,
  r.status,                                                    -- HTTP
  r.correlation_id, r.run, t.trunk_id, r.seq
FROM refresh AS r
JOIN trunk AS t ON t.key = r.trunk
ORDER BY r.run DESC, trunk COLLATE NOCASE, t.trunk_id, r.seq;

DROP VIEW IF EXISTS upkeep;
CREATE VIEW upkeep AS -- what care of the database did, newest first: one row for each day and deed
SELECT
  date(c.day * 86400, 'unixepoch') AS day,                     -- UTC
  c.deed,                                                      -- evidence, results (removed), check, backup, size
  c.reason,                                                    -- why removed: age (keep_results, keep_evidence), size (size_limit_mb)
  c.removed,                                                   -- results; of evidence: probes whose messages went
  c.run AS up_to_run,                                          -- the newest run that lost some
  strftime('%Y-%m-%dT%H:%M:%SZ', run.started_usec / 1000000, 'unixepoch') AS up_to, -- when it started
  c.detail,                                                    -- what a check found; where a backup is
  round(c.bytes / 1000000.0, 1) AS megabytes,                  -- of the database
  round(c.log_bytes / 1000000.0, 1) AS log_megabytes,          -- of its write-ahead log
  c.times,                                                     -- on that day
  strftime('%Y-%m-%dT%H:%M:%SZ', c.last_usec / 1000000, 'unixepoch') AS last -- of them
FROM care AS c
LEFT JOIN run ON run.id = c.run
ORDER BY c.day DESC, c.last_usec DESC, c.deed, c.reason;

DROP VIEW IF EXISTS damages;
CREATE VIEW damages AS -- databases that were damaged and set aside: what is older than the newest of them is there
SELECT
  strftime('%Y-%m-%dT%H:%M:%SZ', wall_usec / 1000000, 'unixepoch') AS time, -- when it was found
  kept,                                                        -- the file that the damaged one is kept as
  error                                                        -- SQLite's words
FROM damage
ORDER BY id DESC;
