-- What the platform's own trunk and trunk base say (profile edges), beside the audit's verdict.

ALTER TABLE trunk ADD COLUMN base_id TEXT;            -- the trunk base, which holds the trunk's settings; several trunks may share one
ALTER TABLE trunk ADD COLUMN base_name TEXT;
ALTER TABLE trunk ADD COLUMN metabase TEXT;           -- what kind of trunk base it is: external_sip_pcv_byoc_carrier.json, ...
ALTER TABLE trunk ADD COLUMN trunk_type TEXT;         -- the same in the base's settings: external.pcv.byoc.carrier, ...
ALTER TABLE trunk ADD COLUMN managed TEXT;            -- yes: the provider manages the base, and hides its settings; no
ALTER TABLE trunk ADD COLUMN in_service TEXT;         -- yes, no: switched on in its base
ALTER TABLE trunk ADD COLUMN edge_in_service TEXT;    -- yes, no: the Edge that carries it is in service
ALTER TABLE trunk ADD COLUMN connected TEXT;          -- yes, no: the platform holds it for connected ...
ALTER TABLE trunk ADD COLUMN connected_time TEXT;     -- ... since then
ALTER TABLE trunk ADD COLUMN options TEXT;            -- ENABLED, DISABLED, NOT_SUPPORTED: whether the platform sends it OPTIONS
ALTER TABLE trunk ADD COLUMN options_status TEXT;     -- what became of them: "PROXY up|down since TIME: ERROR; ..."
ALTER TABLE trunk ADD COLUMN registers TEXT;          -- ENABLED, DISABLED, NOT_SUPPORTED: whether the platform registers
ALTER TABLE trunk ADD COLUMN registers_status TEXT;   -- what became of that, as above
