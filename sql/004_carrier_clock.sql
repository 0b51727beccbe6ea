-- What the nonces and Date headers of a probe gave away: the carrier's clock, and how its nonces live.

ALTER TABLE result ADD COLUMN
  carrier_offset_usec INTEGER;                      -- the carrier's clock minus this host's; NULL: cannot be told
ALTER TABLE result ADD COLUMN
  carrier_bound_usec INTEGER;                       -- the true difference lies within offset +- bound
ALTER TABLE result ADD COLUMN
  carrier_source TEXT CHECK (carrier_source IN (
    'nonce',                                        -- issue times of nonces
    'expiry',                                       -- a nonce from the past was accepted: between its issue time and its expiry
    'date',                                         -- Date headers
    'both'));                                       -- they agree
ALTER TABLE result ADD COLUMN
  nonce_family TEXT;                                -- whose form its nonces have: Kamailio, Asterisk, ...; NULL: they are opaque
ALTER TABLE result ADD COLUMN
  nonce_lifetime_sec INTEGER;                       -- as the nonce itself says; NULL: it does not
ALTER TABLE result ADD COLUMN
  nonce_policy TEXT CHECK (nonce_policy IN (
    'one-time',                                     -- the nonce says that it serves once
    'counted',                                      -- ... that nc must grow
    'one-time counted'));                           -- NULL: it says neither
ALTER TABLE result ADD COLUMN
  nonce_age_usec INTEGER;                           -- at most so old when its answer was judged; NULL: no answer, or cannot be told
