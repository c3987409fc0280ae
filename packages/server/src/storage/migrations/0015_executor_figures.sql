-- transactional
-- How the attempts of executors end, kept by the hour: what is shown of them never reads history.
set local search_path = public, pg_temp;

-- Insert-only, in the transaction that ends the attempts; rolled up seconds later, so that nobody waits for a counter.
create table executor_tally (
  id bigint generated always as identity primary key,
  tenant_id bigint not null, -- of the executor's app
  app_id bigint not null,
  executor_id bigint not null,
  at timestamptz not null default statement_timestamp(),
  succeeded int not null default 0,
  failed int not null default 0,
  timed_out int not null default 0,
  cancelled int not null default 0,
  lost int not null default 0
);
alter table executor_tally set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The executor 0 is the whole app.
create table executor_hour (
  tenant_id bigint not null references tenant,
  app_id bigint not null,
  executor_id bigint not null,
  hour timestamptz not null,
  succeeded bigint not null,
  failed bigint not null,
  timed_out bigint not null,
  cancelled bigint not null,
  lost bigint not null,
  primary key (tenant_id, app_id, executor_id, hour)
) with (fillfactor = 50);
create index executor_hour_hour on executor_hour (hour);

do $$
declare name text;
begin
  foreach name in array array['executor_tally', 'executor_hour'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_only on %I to carillon_api using (tenant_id = current_setting(''app.tenant'')::bigint) with check (tenant_id = current_setting(''app.tenant'')::bigint)', name);
    execute format('create policy every_tenant on %I to carillon_engine using (true) with check (true)', name);
  end loop;
end $$;
grant select, insert, update, delete on executor_tally, executor_hour to carillon_engine;
grant select on executor_hour to carillon_api;
