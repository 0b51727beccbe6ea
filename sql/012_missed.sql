-- Slots without a run have rows too, which say why; and each reading of the configuration has one.

CREATE TABLE config_load ( -- each time that the service read its configuration
  id INTEGER PRIMARY KEY,
  read_usec INTEGER NOT NULL,
  occasion TEXT NOT NULL CHECK (occasion IN ('start', 'reload')),
  accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)), -- 0: the one before stayed in force
  file TEXT NOT NULL,
  sha256 TEXT,                                      -- of the file; NULL: it could not be read
  mistakes INTEGER NOT NULL,                        -- in the file, or with what it names
  complaint TEXT,                                   -- the first of them, or why else it was refused; NULL: none
  trunks INTEGER                                    -- that it configures; NULL: refused
) STRICT;

CREATE TABLE run_new ( -- one pass over clock, platform and trunks; opened before any work, closed after all of it. Or a slot without one
  id INTEGER PRIMARY KEY,
  program TEXT NOT NULL,                            -- version of the program that ran
  slot_usec INTEGER,                                -- the scheduled instant it belongs to; NULL: to none
  started_usec INTEGER,                             -- NULL: missed
  finished_usec INTEGER,                            -- NULL while running, and for ever when broken or missed
  state TEXT NOT NULL CHECK (state IN (
    'running',
    'done',
    'aborted',                                      -- ended before all trunks were tested
    'broken',                                       -- the process died
    'missed')),                                     -- there was no run in this slot; it may have come again later
  trigger TEXT NOT NULL CHECK (trigger IN ('slot', 'start', 'signal', 'command')), -- what started it
  partial INTEGER NOT NULL CHECK (partial IN (0, 1)), -- 1: only named trunks were asked for
  clock_cause INTEGER REFERENCES cause (id),        -- the clock's verdict
  clock_detail TEXT,                                -- what was seen
  clock_offset_usec INTEGER,                        -- NTP servers minus this host; NULL: not measured
  clock_bound_usec INTEGER,                         -- the true offset lies within offset +- bound
  clock_servers INTEGER,                            -- NTP servers asked
  clock_servers_used INTEGER,                       -- NTP servers that the offset comes from
  witness_offset_usec INTEGER,                      -- Date of the API's reply minus this host; NULL: none
  witness_bound_usec INTEGER,                       -- as above, for the witness
  platform_cause INTEGER REFERENCES cause (id),     -- the platform's verdict
  platform_detail TEXT,                             -- what was seen
  platform_status INTEGER,                          -- HTTP status of the decisive reply; NULL: none
  platform_correlation_id TEXT,                     -- to quote to the platform's support
  trunks_known_usec INTEGER,                        -- when the list of trunks was last read from the platform; NULL: never
  trunks INTEGER,                                   -- trunks in this run, and how many had which outcome
  passed INTEGER,
  warned INTEGER,
  failed INTEGER,
  untested INTEGER,
  interval_usec INTEGER,                            -- of the schedule then; NULL: a command's run, or stored by an earlier version
  config INTEGER REFERENCES config_load (id),       -- the configuration in force; NULL: as above, or it could not be noted
  reason TEXT CHECK (reason IN (
    'not_running',                                  -- no process of the service was there
    'suspended',                                    -- the host slept
    'clock_stepped',                                -- the clock was set over the slot; of a run without a slot: back, and the slot was done
    'overran',                                      -- the run before it was still under way when the next slot came
    'busy',                                         -- another process audited all the time
    'store_failed',                                 -- no run could be begun in the database
    'stalled')),                                    -- the process was there, but stopped or without a processor
  reason_detail TEXT,                               -- what is known of it: since when, until when
  CHECK ((finished_usec IS NULL) = (state IN ('running', 'broken', 'missed'))),
  CHECK ((started_usec IS NULL) = (state = 'missed')),
  CHECK (state <> 'missed' OR (slot_usec IS NOT NULL AND reason IS NOT NULL))
) STRICT;

INSERT INTO run_new (
  id, program, slot_usec, started_usec, finished_usec, state, trigger, partial, clock_cause, clock_detail, clock_offset_usec,
  clock_bound_usec, clock_servers, clock_servers_used, witness_offset_usec, witness_bound_usec, platform_cause, platform_detail,
  platform_status, platform_correlation_id, trunks_known_usec, trunks, passed, warned, failed, untested)
SELECT
  id, program, slot_usec, started_usec, finished_usec, state, trigger, partial, clock_cause, clock_detail, clock_offset_usec,
  clock_bound_usec, clock_servers, clock_servers_used, witness_offset_usec, witness_bound_usec, platform_cause, platform_detail,
  platform_status, platform_correlation_id, trunks_known_usec, trunks, passed, warned, failed, untested
FROM run;

-- Foreign keys are off while the database is migrated, so nothing that refers to a run goes with the old table.
DROP TABLE run;
PRAGMA legacy_alter_table = ON;
ALTER TABLE run_new RENAME TO run;
PRAGMA legacy_alter_table = OFF;

-- A slot's rows, and the newest slot before an instant.
CREATE INDEX run_slot ON run (slot_usec) WHERE slot_usec IS NOT NULL;

-- What was missed since some run.
CREATE INDEX run_missed ON run (id) WHERE state = 'missed';
