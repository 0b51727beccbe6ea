-- The items of a trunk's list of proxies that are strings.
SELECT atom FROM json_each(:proxies) WHERE type = 'text'
