-- transactional
-- Instances that the server places with an executor before one asks for them or is called, and what route strategies remember.
set local search_path = public, pg_temp;

-- From a queue with a route key no executor takes: its instances are given to one executor's queue first. Like a rate, it is of one task.
alter table queue add column route_key text;
-- As if its tasks had no such policy, for a node that is older: who asks first gets it.
do $$
declare name text;
begin
  select conname into strict name from pg_constraint where conrelid = 'queue'::regclass and contype = 'u';
  execute format('alter table queue drop constraint %I', name);
end $$;
alter table queue add constraint queue_of unique nulls not distinct (app_tenant_id, app_id, handler, selector, executor_id, rate_tenant_id, rate_key, route_key);

-- Until when an instance waits for the executor that it was placed with, where another may take it then; null: as long as that is in service.
alter table instance_live add column placed_until timestamptz;
-- (It says nothing of what has ended; but the two tables have the same columns.)
alter table instance_history add column placed_until timestamptz;
create index instance_live_placed on instance_live (placed_until) where state = 'PENDING' and placed_until is not null;

-- The label selector of a queue: a value, { "in": [values] } or { "notIn": [values] } for each key. As `selects` of the code.
create function selected(labels jsonb, selector jsonb) returns boolean language sql immutable parallel safe as $$
  select coalesce(bool_and(case
    when jsonb_typeof(s.wanted) = 'string' then coalesce(labels -> s.key = s.wanted, false)
    when s.wanted ? 'in' then coalesce(s.wanted -> 'in' ? (labels ->> s.key), false)
    else not coalesce(s.wanted -> 'notIn' ? (labels ->> s.key), false) end), true)
  from jsonb_each(selector) s (key, wanted)
$$;

-- What a strategy remembers of a task: the executor chosen last (of STICKY the home of each key), and its marks of executors.
create table route_state (
  tenant_id bigint not null references tenant,
  task_id bigint not null,
  key text not null default '' check (octet_length(key) <= 128),
  previous bigint, -- an executor
  marks jsonb not null default '{}', -- by executor
  used_at timestamptz not null default statement_timestamp(), -- to the hour
  primary key (tenant_id, task_id, key)
) with (fillfactor = 50);
create index route_state_used on route_state (used_at);
alter table route_state set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table route_state enable row level security, force row level security;
create policy tenant_only on route_state to carillon_api using (tenant_id = current_setting('app.tenant')::bigint) with check (tenant_id = current_setting('app.tenant')::bigint);
create policy every_tenant on route_state to carillon_engine using (true) with check (true);
grant select on route_state to carillon_api;
grant select, insert, update, delete on route_state to carillon_engine;
