-- The platform's paging envelope, or a bare array in its place.
WITH listing(path) AS (
  SELECT CASE WHEN json_type(:page) = 'array' THEN '$'
              WHEN json_type(:page, '$.entities') = 'array' THEN '$.entities' END)
SELECT path,
       json_array_length(:page, path) AS entities,
       CASE json_type(:page, '$.pageNumber') WHEN 'integer' THEN json_extract(:page, '$.pageNumber') END AS page_number,
       CASE json_type(:page, '$.pageCount') WHEN 'integer' THEN json_extract(:page, '$.pageCount') END AS page_count,
       CASE json_type(:page, '$.total') WHEN 'integer' THEN json_extract(:page, '$.total') END AS total,
       json_type(:page, '$.nextUri') AS next_uri_type,
       json_extract(:page, '$.nextUri') AS next_uri
FROM listing
