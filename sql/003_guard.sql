-- The lock-out guard: what each run of the last day spent, on trunks and at carriers' hosts, and credentials that were refused.

CREATE TABLE ledger ( -- the runs that counts are kept of: those of the last day
  run INTEGER PRIMARY KEY REFERENCES run (id),
  wall_usec INTEGER NOT NULL,                       -- until when it spent; its beginning while it is not settled
  boot TEXT NOT NULL,                               -- id of the boot that boot_usec belongs to; empty: unknown
  boot_usec INTEGER NOT NULL,                       -- the same instant, since that boot: steps of the clock do not reach it
  settled INTEGER NOT NULL CHECK (settled IN (0, 1)) -- 0: counts are what the run may spend at most, reserved before its first probe
) STRICT;

CREATE TABLE trunk_spending ( -- what a run spent on a trunk
  run INTEGER NOT NULL REFERENCES ledger (run) ON DELETE CASCADE,
  trunk INTEGER NOT NULL REFERENCES trunk (key),
  requests INTEGER NOT NULL,                        -- retransmissions counted
  credentialed INTEGER NOT NULL,                    -- of them, with an answer
  failures INTEGER NOT NULL,                        -- of those, refused or unheard
  PRIMARY KEY (run, trunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE carrier_spending ( -- what a run spent at a carrier's host
  run INTEGER NOT NULL REFERENCES ledger (run) ON DELETE CASCADE,
  host TEXT NOT NULL,                               -- its address, or its name while no address is known
  requests INTEGER NOT NULL,
  credentialed INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  PRIMARY KEY (run, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE guard_limit ( -- the limits of the newest run's configuration, for the view `guard`
  subject TEXT NOT NULL CHECK (subject IN ('trunk', 'carrier')),
  period TEXT NOT NULL CHECK (period IN ('10 minutes', 'hour', 'day')),
  requests INTEGER,                                 -- NULL: no limit
  credentialed INTEGER,
  failures INTEGER,
  PRIMARY KEY (subject, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejection ( -- trunks whose credentials are refused; the row goes with the first success
  trunk INTEGER PRIMARY KEY REFERENCES trunk (key),
  runs INTEGER NOT NULL,                            -- in a row, with the same credentials, settings and challenge
  cause INTEGER NOT NULL REFERENCES cause (id),     -- of the last of them
  since_usec INTEGER NOT NULL,                      -- first and last of them
  last_usec INTEGER NOT NULL,
  credentials INTEGER NOT NULL,                     -- 12 bits of a slow, salted hash: tells a change, and does not help to guess
  circumstances INTEGER NOT NULL                    -- hash of the trunk's settings and of the challenge
) STRICT;

CREATE TABLE guard_salt ( -- of the fingerprints above; one row
  id INTEGER PRIMARY KEY CHECK (id = 1),
  salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

INSERT INTO guard_salt (id, salt) VALUES (1, randomblob(16));
