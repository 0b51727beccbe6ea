-- The version of a thing, for the lock against changes that cross each other.
SELECT CASE json_type(:page, '$.version') WHEN 'integer' THEN json_extract(:page, '$.version') END AS version
