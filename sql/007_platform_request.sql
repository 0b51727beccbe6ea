-- The requests to the platform that failed, with the ids that its support asks for.

CREATE TABLE platform_request (
  run INTEGER NOT NULL REFERENCES run (id),
  seq INTEGER NOT NULL,                             -- 1, 2, ... in the order of their ends
  sent_usec INTEGER NOT NULL,
  duration_usec INTEGER NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,                               -- with its query, of which only the paging keeps its values
  status INTEGER,                                   -- HTTP; NULL: no reply came
  code TEXT,                                        -- of the error's body
  message TEXT,                                     -- the same; without a reply, the network's error
  correlation_id TEXT,                              -- ININ-Correlation-Id, else X-Request-Id
  context_id TEXT,                                  -- contextId of the body
  cf_id TEXT,                                       -- X-Amz-Cf-Id
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
