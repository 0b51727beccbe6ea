-- The trunk base as it was read, with other credentials in it; its version stays. NULL when it has no properties or no version.
SELECT CASE WHEN json_type(:page, '$.properties') = 'object' AND json_type(:page, '$.version') = 'integer' THEN
  json_set(
    CASE WHEN :realm IS NULL THEN :page
         ELSE json_set(:page, '$.properties.trunk_sip_authentication_credentials_realm.value.instance', :realm) END,
    '$.properties.trunk_sip_authentication_credentials_username.value.instance', :username,
    '$.properties.trunk_sip_authentication_credentials_password.value.instance', :password) END AS body
