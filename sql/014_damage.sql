-- Databases that were set aside because SQLite called them malformed: the audit's record went on in this one.

CREATE TABLE damage (
  id INTEGER PRIMARY KEY,
  wall_usec INTEGER NOT NULL,                       -- when it was found
  boot TEXT NOT NULL,                               -- id of the boot that boot_usec belongs to; empty: unknown
  boot_usec INTEGER NOT NULL,                       -- the same instant, since that boot
  kept TEXT NOT NULL,                               -- the file that the damaged one is kept as
  error TEXT NOT NULL                               -- SQLite's words
) STRICT;
