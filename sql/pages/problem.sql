-- An API's ErrorBody or an OAuth error; of several paths for one field the first that holds something counts.
WITH shape(field, path) AS (VALUES
  ('code', '$.code'),
  ('code', '$.error'),
  ('message', '$.message'),
  ('message', '$.description'),
  ('message', '$.error_description'),
  ('context_id', '$.contextId'))
SELECT field,
       json_type(:page, path) AS type,
       CASE json_type(:page, path) WHEN 'text' THEN :page ->> path ELSE :page -> path END AS value
FROM shape
