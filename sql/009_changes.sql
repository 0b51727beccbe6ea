-- What was changed on the platform before a trunk turned bad, and credentials that were written to the platform before a probe.

CREATE TABLE edit_question ( -- trunks that turned bad: what was changed on them before?
  run INTEGER NOT NULL,                             -- in which the trunk turned bad
  trunk INTEGER NOT NULL,
  since_usec INTEGER NOT NULL,                      -- start of its last good run, at most 30 days back
  until_usec INTEGER NOT NULL,                      -- end of this run
  answered_usec INTEGER,                            -- when the audit log was read; NULL: not yet
  PRIMARY KEY (run, trunk),
  FOREIGN KEY (run, trunk) REFERENCES result (run, trunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE edit ( -- the answer: changes of the trunk, from the platform's audit log, newest first
  run INTEGER NOT NULL,
  trunk INTEGER NOT NULL,
  seq INTEGER NOT NULL,                             -- 1, 2, ...
  time_usec INTEGER,                                -- as the platform says; NULL: it does not
  action TEXT,                                      -- Create, Update, Delete, ...
  status TEXT,                                      -- SUCCESS, FAILURE, WARNING
  user_id TEXT,                                     -- who did it
  user_name TEXT,
  client_id TEXT,                                   -- with which OAuth client
  client_name TEXT,
  remote_ip TEXT,                                   -- from where
  entity_id TEXT,                                   -- what was changed: the trunk's base, or the trunk
  entity_name TEXT,
  property TEXT,                                    -- which property; NULL: the entry names none
  old TEXT,                                         -- its values before and after; NULL: none, or withheld
  new TEXT,
  withheld INTEGER NOT NULL CHECK (withheld IN (0, 1)), -- 1: the values may be secret and were not kept
  PRIMARY KEY (run, trunk, seq),
  FOREIGN KEY (run, trunk) REFERENCES edit_question (run, trunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log ( -- how the platform's audit log was found the last time; one row at most
  id INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL CHECK (state IN ('read', 'denied', 'unread')), -- denied: asked again after a day
  asked_usec INTEGER NOT NULL,
  detail TEXT,                                      -- why not read
  correlation_id TEXT                               -- to quote to the platform's support
) STRICT;

CREATE TABLE refresh ( -- credentials written to the platform before a probe: each write, or why there was none
  run INTEGER NOT NULL REFERENCES run (id),
  trunk INTEGER NOT NULL REFERENCES trunk (key),
  seq INTEGER NOT NULL,                             -- 1; 2: again after a conflict
  begun_usec INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN (
    'begun',                                        -- the program died before it heard of it
    'written',                                      -- the platform has taken them
    'conflict',                                     -- somebody else wrote in between
    'refused',                                      -- the platform did not take them
    'failed',                                       -- it could not be reached, or what it says cannot be used
    'withheld',                                     -- not written, for the reason in detail
    'dry_run')),                                    -- only shown
  detail TEXT,
  version_before TEXT,                              -- of what was written; NULL: unknown
  version_after TEXT,
  status INTEGER,                                   -- HTTP status of the last reply; NULL: none
  correlation_id TEXT,                              -- to quote to the platform's support
  PRIMARY KEY (run, trunk, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_trunk ON refresh (trunk);
