-- What is assumed to update a trunk connection: its version, if it has one, and the credentials. json_patch() leaves out what is NULL.
SELECT json_patch('{}', json_object(
  'version', CASE json_type(:page, '$.version') WHEN 'integer' THEN json_extract(:page, '$.version') END,
  'sip', json_object('username', :username, 'realm', :realm),
  'digest', json_object('password', :password))) AS body
