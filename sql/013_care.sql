-- Care of the database: what was removed because it was old or too much, what was found on the disk, and what indexes that needs.

CREATE TABLE care ( -- one row for each day, deed and reason
  day INTEGER NOT NULL,                             -- since 1970-01-01, UTC
  deed TEXT NOT NULL,                               -- evidence, results: removed; check: looked through; backup: copied; size: looked at
  reason TEXT NOT NULL,                             -- age, size: why removed; empty: another deed
  last_usec INTEGER NOT NULL,                       -- the last time on that day
  times INTEGER NOT NULL,                           -- how often on that day
  removed INTEGER,                                  -- probes whose messages, or results that were removed; NULL: another deed
  told INTEGER,                                     -- how many of them the journal was told of
  run INTEGER,                                      -- the newest run that lost some
  detail TEXT,                                      -- what a check found; where a backup is
  bytes INTEGER,                                    -- of the database's file
  log_bytes INTEGER,                                -- of its write-ahead log
  PRIMARY KEY (day, deed, reason)
) STRICT, WITHOUT ROWID;

-- Whether a trunk has newer messages; which runs are older than a time.
CREATE INDEX evidence_trunk ON evidence (trunk, run);
CREATE INDEX run_started ON run (started_usec);
