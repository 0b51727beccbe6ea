-- Where a trunk's settings stand in a trunk base of /api/v2/telephony/providers/edges/trunkbasesettings. A property is a small schema whose
-- live value is value.instance; the value itself in one of the outer places is read as well, never an object.
-- The password has no row here. Empty credentials are none: the carrier identifies the trunk by address.
WITH property(field, path) AS (VALUES
  ('realm', '$.properties.trunk_sip_authentication_credentials_realm'),
  ('username', '$.properties.trunk_sip_authentication_credentials_username'),
  ('proxies', '$.properties.trunk_transport_serverProxyList'),
  ('transport', '$.properties.trunk_transport_protocolVariant'),
  ('trunk_type', '$.properties.trunk_type')),
shape(field, path) AS (VALUES
  ('id', '$.id'),
  ('name', '$.name'),
  ('self_uri', '$.selfUri'),
  ('metabase', '$.trunkMetabase.id'),
  ('managed', '$.managed')
  UNION ALL SELECT field, path || depth FROM property, (SELECT '' AS depth UNION ALL VALUES ('.value'), ('.value.instance'))),
found(field, type, value) AS (
  SELECT field,
         CASE json_type(:entity, path) WHEN 'true' THEN 'text' WHEN 'false' THEN 'text' ELSE json_type(:entity, path) END,
         CASE json_type(:entity, path) WHEN 'text' THEN :entity ->> path WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no'
           ELSE :entity -> path END
  FROM shape
  WHERE json_type(:entity, path) <> 'object')
SELECT field, type, value FROM found
UNION ALL SELECT 'authentication', 'text', iif(trim(value) = '', 'none', 'digest') FROM found WHERE field = 'username' AND type IN ('text', 'integer', 'real')
