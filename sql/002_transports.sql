-- Several targets for a trunk, over UDP, TCP and TLS: what each showed, a verdict for each proxy, and what the next run must know.

CREATE TABLE evidence_target ( -- the addresses that a probe tried; kept with its messages
  run INTEGER NOT NULL,
  trunk INTEGER NOT NULL,
  seq INTEGER NOT NULL,                             -- 1, 2, ... in order of preference; those that were not tried are left out
  transport TEXT NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
  address TEXT NOT NULL,                            -- "192.0.2.1:5061", "[2001:db8::1]:5061"
  how TEXT,                                         -- the DNS records that led there; NULL: none did, or not kept
  tls_protocol TEXT,                                -- of the handshake; this and what follows is NULL where there was none
  tls_cipher TEXT,
  tls_subject TEXT,                                 -- of the server's certificate
  tls_names TEXT,                                   -- whom it is for: "DNS:a, URI:sip:b"
  tls_chain_end TEXT,                               -- issuer of the last certificate of its chain
  tls_not_after_sec INTEGER,                        -- when it expires, in seconds since 1970; NULL: no certificate was seen
  tls_error TEXT,                                   -- what was wrong with it, or with the handshake
  tls_wanted TEXT,                                  -- the names that were accepted
  PRIMARY KEY (run, trunk, seq),
  FOREIGN KEY (run, trunk) REFERENCES result (run, trunk)
) STRICT;

-- Until now a probe had one target and spoke UDP.
INSERT INTO evidence_target (run, trunk, seq, transport, address)
SELECT DISTINCT e.run, e.trunk, 1, 'udp', c.address
FROM evidence AS e
JOIN result AS r ON r.run = e.run AND r.trunk = e.trunk
JOIN carrier AS c ON c.id = r.carrier
WHERE c.address <> '';

CREATE TABLE evidence_new ( -- the messages of a probe, secrets redacted; kept for what did not pass and after a change
  run INTEGER NOT NULL,
  trunk INTEGER NOT NULL,
  seq INTEGER NOT NULL,                             -- 1, 2, ... in order of sending
  target INTEGER,                                   -- where it went: seq in evidence_target
  sent_usec INTEGER,                                -- first sending, or the attempt; NULL: it did not come to that
  rtt_usec INTEGER,                                 -- first sending to final response; NULL: none came
  credentialed INTEGER NOT NULL CHECK (credentialed IN (0, 1)), -- 1: carried an answer; the next three say which
  digest_uri TEXT,
  algorithm TEXT,
  qop TEXT,
  retransmissions INTEGER NOT NULL,
  ending TEXT NOT NULL CHECK (ending IN (
    'responded',                                    -- a final response came
    'no_response',                                  -- none in time
    'refused',                                      -- nobody listens there
    'unreachable',                                  -- no way there
    'closed',                                       -- the carrier closed the connection before a final response
    'tls_failed',                                   -- no TLS connection came about; nothing was sent
    'untrusted',                                    -- the server's certificate is not good; nothing was sent
    'too_large',                                    -- more than UDP may carry; nothing was sent
    'malformed',                                    -- only something unreadable came
    'cut')),                                        -- the run ended first
  problem TEXT,                                     -- the network's or the connection's error, or what could not be read
  status INTEGER,                                   -- of the response; NULL: none
  reason TEXT,                                      -- phrase of the response
  request TEXT,
  response TEXT,
  PRIMARY KEY (run, trunk, seq),
  FOREIGN KEY (run, trunk) REFERENCES result (run, trunk),
  FOREIGN KEY (run, trunk, target) REFERENCES evidence_target (run, trunk, seq)
) STRICT;

INSERT INTO evidence_new (
  run, trunk, seq, target, sent_usec, rtt_usec, credentialed, digest_uri, algorithm, qop,
  retransmissions, ending, problem, status, reason, request, response)
SELECT
  e.run, e.trunk, e.seq, t.seq, e.sent_usec, e.rtt_usec, e.credentialed, e.digest_uri, e.algorithm, e.qop,
  e.retransmissions, e.ending, e.problem, e.status, e.reason, e.request, e.response
FROM evidence AS e
LEFT JOIN evidence_target AS t ON t.run = e.run AND t.trunk = e.trunk;

DROP TABLE evidence;

-- Without this a view of somebody else that reads the table would forbid to rename.
PRAGMA legacy_alter_table = ON;
ALTER TABLE evidence_new RENAME TO evidence;
PRAGMA legacy_alter_table = OFF;

CREATE TABLE proxy_result ( -- the verdict on each proxy of a trunk that is probed on each; the trunk's own is in result
  run INTEGER NOT NULL,
  trunk INTEGER NOT NULL,
  seq INTEGER NOT NULL,                             -- 1, 2, ... in order of preference
  target TEXT NOT NULL,                             -- as configured: "sbc1.carrier.example:5061"
  address TEXT,                                     -- where the last request went; NULL: nowhere
  outcome INTEGER NOT NULL REFERENCES outcome (id),
  cause INTEGER NOT NULL REFERENCES cause (id),
  detail TEXT,                                      -- what was seen
  latency_usec INTEGER,                             -- of the first request that was answered; NULL: none was
  PRIMARY KEY (run, trunk, seq),
  FOREIGN KEY (run, trunk) REFERENCES result (run, trunk)
) STRICT, WITHOUT ROWID;

-- A trunk's newest.
CREATE INDEX proxy_result_trunk ON proxy_result (trunk);

CREATE TABLE trunk_memory ( -- what the next run must know of a trunk
  trunk INTEGER PRIMARY KEY REFERENCES trunk (key),
  algorithm TEXT,                                   -- of the last answer that was accepted: a weaker one is told; NULL: none was
  hold_until_usec INTEGER                           -- the carrier asked not to be asked before (Retry-After); NULL: it did not
) STRICT;
