-- How sure a verdict is, what evidence each cause stands on, and which other inputs of a refused answer were tried.

CREATE TABLE cause_new ( -- the closed list of causes; refreshed by the program, ids and words are for ever
  id INTEGER PRIMARY KEY,                           -- never given to another word
  word TEXT NOT NULL UNIQUE,                        -- stale_nonce, qop_mismatch, ...
  kind TEXT NOT NULL CHECK (kind IN ('trunk', 'platform', 'clock', 'answer')), -- whose verdict it can be; answer: a mistake in
                                                    -- somebody's answer, named in details and by `trunkaudit explain`
  outcome TEXT NOT NULL REFERENCES outcome (word),  -- that it stands for today; a result keeps the one of its day
  confidence TEXT NOT NULL CHECK (confidence IN ('proven', 'indicated')), -- the most that it may claim
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 7), -- syslog level of the event that tells it
  sentence TEXT NOT NULL,                           -- what it means
  remedy TEXT NOT NULL,                             -- what to do
  proof TEXT NOT NULL,                              -- what evidence it stands on
  reference TEXT NOT NULL                           -- where the rule is written; none: nowhere
) STRICT;

-- The program fills in the rest when it opens the database.
INSERT INTO cause_new (id, word, kind, outcome, confidence, priority, sentence, remedy, proof, reference)
SELECT id, word, kind, outcome, 'indicated', priority, sentence, remedy, '', '' FROM cause;

-- Foreign keys are off while the database is migrated, so nothing that refers to a cause goes with the old table.
DROP TABLE cause;
PRAGMA legacy_alter_table = ON;
ALTER TABLE cause_new RENAME TO cause;
PRAGMA legacy_alter_table = OFF;

ALTER TABLE result ADD COLUMN
  confidence TEXT CHECK (confidence IN ('proven', 'indicated')); -- proven: recomputed, or one changed input flipped the result;
                                                    -- indicated: the evidence fits; NULL: stored by an earlier version

ALTER TABLE evidence ADD COLUMN changed TEXT;         -- the input that this request has otherwise than the first one of its kind:
                                                    -- fresh_nonce, uri_port, qop, username, ...; NULL: none

ALTER TABLE trunk_memory ADD COLUMN tried TEXT;       -- inputs that were changed and refused too, separated by spaces; NULL: none
ALTER TABLE trunk_memory ADD COLUMN winner TEXT;      -- the input whose change the carrier accepts, proven; NULL: none
ALTER TABLE trunk_memory ADD COLUMN winner_usec INTEGER; -- when the answer as it should be was last refused beside it
ALTER TABLE trunk_memory ADD COLUMN settings INTEGER; -- hash of the trunk's settings that this holds for; with others it is forgotten
