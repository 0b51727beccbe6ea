-- Where platform, configuration and carrier say different things of a trunk, and which trunks came to the platform's list and left it.

CREATE TABLE difference ( -- one row for each stretch of runs in which they said the same different things of a field
  id INTEGER PRIMARY KEY,
  trunk INTEGER NOT NULL REFERENCES trunk (key),
  field TEXT NOT NULL CHECK (field IN ('realm', 'username', 'servers', 'transport', 'state', 'algorithm', 'qop')),
  platform_value TEXT,                              -- NULL: it says nothing of it
  config_value TEXT,
  carrier_value TEXT,                               -- in its challenge
  first_run INTEGER NOT NULL REFERENCES run (id),
  first_usec INTEGER NOT NULL,                      -- when that run ended, as for the next two
  last_run INTEGER NOT NULL REFERENCES run (id),
  last_usec INTEGER NOT NULL,
  ended_usec INTEGER,                               -- the first run that did not find it so; NULL: it is so
  told INTEGER NOT NULL CHECK (told IN (0, 1, 2))   -- what the journal was told: 0 nothing, 1 that it is so, 2 that it no longer is
) STRICT;

CREATE UNIQUE INDEX difference_open ON difference (trunk, field) WHERE ended_usec IS NULL;

-- What may still have to be told.
CREATE INDEX difference_news ON difference (trunk, field) WHERE told < 2;

ALTER TABLE trunk ADD COLUMN
  listed_since_usec INTEGER;                        -- the listing that had it again, or first; NULL: the first listing had it
ALTER TABLE trunk ADD COLUMN
  unlisted_usec INTEGER;                            -- the first complete listing without it; NULL: it is listed, or never was

CREATE TABLE listing_change ( -- trunks that a complete listing has and the one before had not, or the other way round
  id INTEGER PRIMARY KEY,
  trunk INTEGER NOT NULL REFERENCES trunk (key),
  change TEXT NOT NULL CHECK (change IN ('appeared', 'vanished')),
  listed_usec INTEGER NOT NULL,                     -- the listing that showed it
  told INTEGER NOT NULL CHECK (told IN (0, 1))      -- 1: the journal was told
) STRICT;

CREATE INDEX listing_change_news ON listing_change (id) WHERE NOT told;
