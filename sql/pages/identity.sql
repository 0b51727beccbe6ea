-- Whose bearer it is: the reply of /api/v2/tokens/me. Scopes and roles have a row each.
WITH shape(field, path) AS (VALUES
  ('organisation', '$.organization.name'),
  ('organisation_id', '$.organization.id'),
  ('client', '$.OAuthClient.name'),
  ('client_id', '$.OAuthClient.id'))
SELECT field, json_type(:page, path) AS type, :page ->> path AS value FROM shape
UNION ALL
SELECT 'scopes', 'text', atom FROM (
  SELECT atom FROM json_each(:page, '$.authorizedScope') WHERE type = 'text'
  UNION
  SELECT atom FROM json_each(:page, '$.OAuthClient.scope') WHERE type = 'text')
UNION ALL
SELECT DISTINCT 'roles', 'text', json_extract(value, '$.roleId') FROM json_each(:page, '$.OAuthClient.roleDivisions')
WHERE type = 'object' AND json_type(value, '$.roleId') = 'text'
