-- The first schema. `.schema` prints these comments: they are the manual of the tables. For reading, prefer the views.
-- Times are microseconds since 1970-01-01T00:00:00Z; the views show them as ISO 8601.

CREATE TABLE outcome ( -- the four outcomes, mildest first
  id INTEGER PRIMARY KEY,    -- grows with severity
  word TEXT NOT NULL UNIQUE  -- pass, warn, untested, fail
) STRICT;

INSERT INTO outcome (id, word) VALUES (0, 'pass'), (1, 'warn'), (2, 'untested'), (3, 'fail');

CREATE TABLE cause ( -- the closed list of causes; refreshed by the program, ids and words are for ever
  id INTEGER PRIMARY KEY,                           -- never given to another word
  word TEXT NOT NULL UNIQUE,                        -- stale_nonce, qop_mismatch, ...
  kind TEXT NOT NULL CHECK (kind IN ('trunk', 'platform', 'clock')), -- whose verdict it can be
  outcome TEXT NOT NULL REFERENCES outcome (word),  -- that it stands for today; a result keeps the one of its day
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 7), -- syslog level of the event that tells it
  sentence TEXT NOT NULL,                           -- what it means
  remedy TEXT NOT NULL                              -- what to do
) STRICT;

CREATE TABLE run ( -- one pass over clock, platform and trunks; opened before any work, closed after all of it
  id INTEGER PRIMARY KEY,
  program TEXT NOT NULL,                            -- version of the program that ran
  slot_usec INTEGER,                                -- the scheduled instant it belongs to; NULL: asked for by a command
  started_usec INTEGER NOT NULL,
  finished_usec INTEGER,                            -- NULL while running, and for ever when broken
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'aborted', 'broken')), -- broken: the process died
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
  CHECK ((finished_usec IS NULL) = (state IN ('running', 'broken')))
) STRICT;

CREATE TABLE trunk ( -- every trunk ever seen, with what the platform last said of it (never the local configuration)
  key INTEGER PRIMARY KEY,                          -- ours, short
  trunk_id TEXT NOT NULL UNIQUE,                    -- the platform's id; of an extra trunk "local:" and its name
  name TEXT,
  state TEXT,                                       -- active, inactive, deleted, ...
  role TEXT,                                        -- primary, secondary
  region TEXT,
  authentication TEXT,                              -- digest; basic and none: identified by address
  domain TEXT,                                      -- SIP domain
  proxies TEXT,                                     -- host[:port], separated by spaces, in order of preference
  transport TEXT,                                   -- udp, tcp, tls
  request_uri TEXT,
  realm TEXT,
  username TEXT,
  algorithm TEXT,
  qop TEXT,
  self_uri TEXT,                                    -- path of its own detail in the API
  validation_time TEXT,                             -- the platform's own last validation of the credentials ...
  validation_status TEXT,
  validation_code TEXT,
  validation_message TEXT,
  validation_challenge TEXT,
  validation_authorization TEXT,                    -- ... its answer, with the response value redacted
  first_listed_usec INTEGER,                        -- first listing that had it; NULL: never listed
  last_listed_usec INTEGER,                         -- newest listing that had it
  listed INTEGER NOT NULL CHECK (listed IN (0, 1)), -- 1: the newest complete listing has it
  extra INTEGER NOT NULL CHECK (extra IN (0, 1))    -- 1: only the configuration knows it
) STRICT;

CREATE TABLE listing ( -- the newest complete listing of the platform; one row at most
  id INTEGER PRIMARY KEY CHECK (id = 1),
  listed_usec INTEGER NOT NULL,                     -- when it was read
  trunks INTEGER NOT NULL                           -- how many it had
) STRICT;

CREATE TABLE carrier ( -- where requests went
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,                             -- as configured: "sbc1.carrier.example:5061"
  address TEXT NOT NULL,                            -- what it resolved to: "192.0.2.1:5061"; "" = nothing
  UNIQUE (target, address)
) STRICT;

CREATE TABLE result ( -- one row a trunk and run; kept short, the words are in the view `results`
  run INTEGER NOT NULL REFERENCES run (id),
  trunk INTEGER NOT NULL REFERENCES trunk (key),
  outcome INTEGER NOT NULL REFERENCES outcome (id),
  cause INTEGER NOT NULL REFERENCES cause (id),
  carrier INTEGER REFERENCES carrier (id),          -- NULL: not probed
  requests INTEGER NOT NULL,                        -- sent, retransmissions not counted
  credentialed INTEGER NOT NULL,                    -- how many of them carried an answer
  latency_usec INTEGER,                             -- of the first request that was answered; NULL: none was
  detail TEXT,                                      -- what was seen
  PRIMARY KEY (run, trunk)
) STRICT, WITHOUT ROWID;

-- One trunk's history. The runs are in it too, by the primary key.
CREATE INDEX result_trunk ON result (trunk);

CREATE TABLE evidence ( -- the messages of a probe, secrets redacted; kept for what did not pass and after a change
  run INTEGER NOT NULL,
  trunk INTEGER NOT NULL,
  seq INTEGER NOT NULL,                             -- 1, 2, ... in order of sending
  sent_usec INTEGER NOT NULL,                       -- first sending
  rtt_usec INTEGER,                                 -- first sending to final response; NULL: none came
  credentialed INTEGER NOT NULL CHECK (credentialed IN (0, 1)), -- 1: carried an answer; the next three say which
  digest_uri TEXT,
  algorithm TEXT,
  qop TEXT,
  retransmissions INTEGER NOT NULL,
  ending TEXT NOT NULL CHECK (ending IN ('responded', 'no_response', 'refused', 'unreachable', 'malformed', 'cut')),
  problem TEXT,                                     -- the network's error, or what could not be read
  status INTEGER,                                   -- of the response; NULL: none
  reason TEXT,                                      -- phrase of the response
  request TEXT,
  response TEXT,
  PRIMARY KEY (run, trunk, seq),
  FOREIGN KEY (run, trunk) REFERENCES result (run, trunk)
) STRICT;

CREATE TABLE announcement ( -- what the journal was last told
  subject TEXT PRIMARY KEY,                         -- a trunk's id, "platform" or "clock"
  cause INTEGER NOT NULL REFERENCES cause (id),
  run INTEGER REFERENCES run (id),                  -- that told it
  told_usec INTEGER NOT NULL
) STRICT;
