-- The entries of the audit log: a row for each property that was changed, and one for an entry that names none. A value comes along only
-- when neither the property's name nor a value of it speaks of a secret, however that is written: here it ends.
WITH secret(word) AS (VALUES
  ('password'), ('passwd'), ('passphrase'), ('passcode'), ('pwd'), ('secret'), ('credential'), ('token'), ('key'), ('ha1'), ('private'),
  ('digest'), ('bearer')),
entry(n, entry) AS (SELECT key, value FROM json_each(:page, '$.entities') WHERE type = 'object'),
change(n, seq, entry, change) AS (
  SELECT e.n, p.key, e.entry, CASE p.type WHEN 'object' THEN p.value END
  FROM entry AS e LEFT JOIN json_each(e.entry, '$.propertyChanges') AS p),
text(n, seq, entry, property, old, new) AS (
  SELECT n, seq, entry, change ->> '$.property',
    (SELECT group_concat(value, ', ') FROM json_each(change, '$.oldValues')),
    (SELECT group_concat(value, ', ') FROM json_each(change, '$.newValues'))
  FROM change),
judged AS (
  SELECT *, EXISTS (SELECT 1 FROM secret WHERE
    instr(replace(replace(replace(replace(lower(coalesce(property, '') || char(10) || coalesce(old, '') || char(10) || coalesce(new, '')),
      '_', ''), '-', ''), '.', ''), ' ', ''), word)) AS withheld
  FROM text)
SELECT
  entry ->> '$.entity.id' AS entity_id,
  entry ->> '$.entity.name' AS entity_name,
  CASE WHEN entry ->> '$.eventDate' GLOB '[0-9][0-9][0-9][0-9]-[0-9]*' THEN strftime('%s', entry ->> '$.eventDate') END AS time,
  entry ->> '$.action' AS action,
  entry ->> '$.status' AS status,
  entry ->> '$.user.id' AS user_id,
  entry ->> '$.user.name' AS user_name,
  entry ->> '$.client.id' AS client_id,
  entry ->> '$.client.name' AS client_name,
  (SELECT group_concat(atom, ', ') FROM json_each(entry, '$.remoteIp')) AS remote_ip,
  property,
  CASE WHEN NOT withheld THEN old END AS old,
  CASE WHEN NOT withheld THEN new END AS new,
  CASE WHEN withheld THEN 'withheld' END AS withheld
FROM judged
ORDER BY n, seq
