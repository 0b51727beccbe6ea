-- Strict JSON (RFC 8259), whatever extensions this SQLite would read besides.
SELECT json_valid(:page)
