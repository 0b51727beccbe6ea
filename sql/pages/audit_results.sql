-- A page of the audit log's results: whether it is one, and the cursor of the next.
SELECT json_type(:page, '$.entities') AS entities, :page ->> '$.cursor' AS cursor
