-- How a query of the audit log stands.
SELECT :page ->> '$.id' AS id, :page ->> '$.state' AS state
