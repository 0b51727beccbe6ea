-- Where each text of a trunk stands in an entity of /api/v2/architect/trunk-connections.
-- A string comes decoded, everything else as the page wrote it: a number keeps all its digits.
WITH shape(field, path) AS (VALUES
  ('id', '$.id'),
  ('name', '$.name'),
  ('state', '$.state'),
  ('role', '$.role'),
  ('region', '$.region'),
  ('authentication', '$.authentication'),
  ('domain', '$.sip.domain'),
  ('proxies', '$.sip.proxies'),
  ('transport', '$.sip.transport'),
  ('request_uri', '$.sip.requestUri'),
  ('realm', '$.sip.realm'),
  ('username', '$.sip.username'),
  ('algorithm', '$.digest.algorithm'),
  ('qop', '$.digest.qop'),
  ('self_uri', '$.selfUri'),
  ('validation_time', '$.lastValidation.time'),
  ('validation_status', '$.lastValidation.status'),
  ('validation_code', '$.lastValidation.code'),
  ('validation_message', '$.lastValidation.message'),
  ('validation_challenge', '$.lastValidation.challenge'),
  ('validation_authorization', '$.lastValidation.authorization'))
SELECT field,
       json_type(:entity, path) AS type,
       CASE json_type(:entity, path) WHEN 'text' THEN :entity ->> path ELSE :entity -> path END AS value
FROM shape
