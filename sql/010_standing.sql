-- How each trunk stands, over all of its runs: kept although its results may be removed one day.

CREATE TABLE trunk_standing (
  trunk INTEGER PRIMARY KEY REFERENCES trunk (key) ON DELETE CASCADE,
  tested_usec INTEGER,                              -- start of the newest run that tested it: any outcome but untested; NULL: never
  passed_usec INTEGER,                              -- start of the newest run in which its carrier accepted it: pass or warn; NULL: never
  certificate_ends_sec INTEGER                      -- soonest end of the TLS certificates that its newest test saw; NULL: it saw none
) STRICT;

INSERT INTO trunk_standing (trunk, tested_usec, passed_usec)
SELECT r.trunk, max(run.started_usec), max(iif(o.word IN ('pass', 'warn'), run.started_usec, NULL))
FROM result AS r
JOIN run ON run.id = r.run
JOIN outcome AS o ON o.id = r.outcome
WHERE o.word <> 'untested'
GROUP BY r.trunk;
