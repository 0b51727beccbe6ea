-- Each entity as JSON text; what is no object has no fields.
SELECT CASE type WHEN 'object' THEN value ELSE '{}' END FROM json_each(:page, :path)
