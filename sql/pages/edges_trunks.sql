-- Where each text of a trunk stands in an entity of /api/v2/telephony/providers/edges/trunks. Its settings are in its trunk base
-- (edges_bases.sql); here is what the platform itself sees of it.
-- A status is one sentence, of 16 proxies at most: "PROXY up|down since TIME: CODE TEXT (HOST: MESSAGE); ...".
-- A REGISTER of the platform's own is its validation of the credentials: accepted, or refused with a status that speaks of them.
WITH shape(field, path) AS (VALUES
  ('id', '$.id'),
  ('name', '$.name'),
  ('state', '$.state'),
  ('proxies', '$.proxyAddressList'),
  ('self_uri', '$.selfUri'),
  ('base_id', '$.trunkBase.id'),
  ('base_name', '$.trunkBase.name'),
  ('metabase', '$.trunkMetabase.id'),
  ('in_service', '$.inService'),
  ('edge_in_service', '$.enabled'),
  ('connected', '$.connectedStatus.connected'),
  ('connected_time', '$.connectedStatus.connectedStateTime'),
  ('options', '$.optionsEnabledStatus'),
  ('registers', '$.registersEnabledStatus')),
list(field, path, state, time) AS (VALUES
  ('options_status', '$.optionsStatus', '$.optionState', '$.optionStateTime'),
  ('registers_status', '$.registersStatus', '$.registerState', '$.registerStateTime')),
item(field, key, proxy, state, time, code, text, host, message) AS (
  SELECT field, key,
    substr(coalesce(value ->> '$.proxyAddress', '?'), 1, 300), json_type(value, state), substr(value ->> time, 1, 40),
    substr(value ->> '$.errorInfo.code', 1, 80), substr(value ->> '$.errorInfo.text', 1, 200),
    substr(value ->> '$.errorInfo.details.hostname', 1, 300), substr(value ->> '$.errorInfo.details.message', 1, 200)
  FROM list, json_each(:entity, list.path) AS e
  WHERE json_type(:entity, list.path) = 'array' AND e.type = 'object' AND key < 16),
sentence(field, value) AS (
  SELECT field,
    proxy || iif(state = 'true', ' up', iif(state = 'false', ' down', ' unknown')) || coalesce(' since ' || time, '')
    || iif(coalesce(code, text, message) IS NULL, '', ': ' || trim(coalesce(code, '') || coalesce(' ' || text, '')
       || coalesce(' (' || coalesce(host || ': ', '') || message || ')', '')))
  FROM item ORDER BY field, key),
validation(status, time, message) AS (
  SELECT iif(state = 'true', '200', code), time, 'REGISTER to ' || proxy || coalesce(': ' || text, '')
  FROM item
  WHERE field = 'registers_status' AND (state = 'true' OR (state = 'false' AND code IN ('401', '403', '407')))
  ORDER BY state = 'true', key LIMIT 1)
SELECT field,
       CASE json_type(:entity, path) WHEN 'true' THEN 'text' WHEN 'false' THEN 'text' ELSE json_type(:entity, path) END AS type,
       CASE json_type(:entity, path) WHEN 'text' THEN :entity ->> path WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no'
         ELSE :entity -> path END AS value
FROM shape
UNION ALL SELECT field, 'text', group_concat(value, '; ') FROM sentence GROUP BY field
UNION ALL SELECT 'validation_status', 'text', status FROM validation
UNION ALL SELECT 'validation_time', 'text', time FROM validation
UNION ALL SELECT 'validation_message', 'text', message FROM validation
