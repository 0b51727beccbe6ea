-- Incidents: stretches of runs with the same failing cause, and what was told of them. A subject is "trunk:" and a trunk's id,
-- "untested:" and the same (its credentials could not be tested for long), "platform", "clock", or "runs" (no run finishes).

CREATE TABLE incident ( -- one row for each unbroken stretch of runs in which a subject had the same failing cause
  id INTEGER PRIMARY KEY AUTOINCREMENT,             -- never given to another one
  subject TEXT NOT NULL,
  cause INTEGER REFERENCES cause (id),              -- NULL: no run finishes
  alert_id INTEGER NOT NULL,                        -- of its alerts: the id of the first of incidents that followed each other without a
                                                    -- good run between them
  first_run INTEGER,                                -- NULL: no run; runs may be gone, their times are kept
  first_usec INTEGER NOT NULL,                      -- when that run ended; of "untested" and "runs" since when
  last_run INTEGER,                                 -- the newest run that had the cause
  last_usec INTEGER NOT NULL,
  runs INTEGER NOT NULL,                            -- how many had it
  ended_run INTEGER,                                -- the run that ended it: another cause, or a good one
  ended_usec INTEGER,                               -- NULL: it is open
  silenced_until_usec INTEGER,                      -- in the newest run that had the cause; NULL: it was not silenced
  alerts INTEGER NOT NULL,                          -- how often it was told, reminders included; 0: not yet, or silenced
  told_usec INTEGER                                 -- when it was last told
) STRICT;

CREATE UNIQUE INDEX incident_open ON incident (subject) WHERE ended_usec IS NULL;
CREATE INDEX incident_subject ON incident (subject, id);

CREATE TABLE watch ( -- what one run must know of a subject for the next; no row: steady for twenty runs, and tested
  subject TEXT PRIMARY KEY,                         -- of a trunk, the platform or the clock
  changes INTEGER NOT NULL,                         -- the last twenty runs, bit 0 the newest; 1: other than in the run before
  flapping_usec INTEGER,                            -- since when it changes too often; NULL: it does not
  flapping_told INTEGER NOT NULL CHECK (flapping_told IN (0, 1)), -- 1: the journal was told that it flaps, and not yet that it ended
  untested_usec INTEGER                             -- start of the last run that tested its credentials, or did not mean to; NULL: the newest
) STRICT, WITHOUT ROWID;

CREATE INDEX watch_untested ON watch (untested_usec) WHERE untested_usec IS NOT NULL;
