-- A login's reply (RFC 6749 section 5.1).
WITH shape(field, path) AS (VALUES
  ('access_token', '$.access_token'),
  ('expires_in', '$.expires_in'))
SELECT field,
       json_type(:page, path) AS type,
       CASE json_type(:page, path) WHEN 'text' THEN :page ->> path ELSE :page -> path END AS value
FROM shape
