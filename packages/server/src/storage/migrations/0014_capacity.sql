-- transactional
-- The places of an app's executors, divided by rules.
set local search_path = public, pg_temp;

-- [{ task | label | tenant, executor?, limit?, reserve? }], see `CapacityRule` of the code.
alter table app add column capacity jsonb not null default '[]' check (jsonb_typeof(capacity) = 'array');

-- The words of these rules that speak of what waits in a queue: what they hold back is then in nobody else's way.
alter table queue add column lane jsonb not null default '[]' check (octet_length(lane::text) <= 512);
alter table queue drop constraint queue_of;
alter table queue add constraint queue_of
  unique nulls not distinct (app_tenant_id, app_id, handler, selector, executor_id, rate_tenant_id, rate_key, route_key, lane);
