-- What the journal is being told, until `announcement` says that it was. Rows that stay are of a service that died in between: nobody knows
-- whether they were told.

CREATE TABLE telling (
  subject TEXT NOT NULL,                            -- as in announcement
  cause INTEGER NOT NULL REFERENCES cause (id),
  PRIMARY KEY (subject, cause)
) STRICT, WITHOUT ROWID;
