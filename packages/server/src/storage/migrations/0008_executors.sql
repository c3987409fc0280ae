-- transactional
-- nodes from 0008
--
-- Health of executors beside their status, how they are checked, and the history of both.

set local search_path = public, pg_temp;

alter table executor
  add column registered_by text, -- a person, by hand; null: it registered itself
  add column status_set_at timestamptz not null default statement_timestamp(),
  add column health_url text check (char_length(health_url) <= 2000), -- null: heartbeats alone decide
  add column health_every_ms int check (health_every_ms between 1000 and 3600000), -- null: as the server is set
  add column health_reason text,
  add column health_set_at timestamptz not null default statement_timestamp(),
  add check (registered_by is null or (mode = 'PUSH' and health_url is not null)); -- its checks are its heartbeats
alter table executor drop constraint executor_health_check;
alter table executor alter column health set default 'UNKNOWN', add constraint executor_health_check check (health in ('UNKNOWN', 'HEALTHY', 'UNHEALTHY'));
update executor set health = 'UNKNOWN' where health = 'HEALTHY';
-- Whether it may get work, as far as that is its own: the rule stands here once.
alter table executor
  add column in_service boolean not null generated always as (status = 'ONLINE' and (health = 'HEALTHY' or health_url is null)) stored;

-- Dispatching locks and counts the open sessions of one app.
create index executor_session_app on executor_session (tenant_id, app_id) where ended_at is null;

-- One row for each executor with a health URL. Locked before sessions and executors.
create table executor_check (
  tenant_id bigint not null references tenant,
  executor_id bigint not null,
  seq bigint not null default 0, -- rises with each take and each registration: a result counts under its own alone
  due_at timestamptz not null default statement_timestamp(), -- while it is being checked: when another node may take it
  failures int not null default 0, -- in a row
  successes int not null default 0, -- in a row
  failed_on text, -- the node whose check failed last; it takes the row again from own_due_at on, others from due_at on
  own_due_at timestamptz,
  call_token text, -- of one that was registered by hand: what the server sends when it calls it
  checked_at timestamptz,
  ok boolean,
  took_ms int,
  detail text,
  primary key (tenant_id, executor_id),
  foreign key (tenant_id, executor_id) references executor (tenant_id, id)
) with (fillfactor = 50);
create index executor_check_due on executor_check (due_at);
alter table executor_check set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create table executor_event (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  executor_id bigint not null,
  at timestamptz not null default statement_timestamp(),
  kind text not null check (kind in ('STATUS', 'HEALTH')),
  value text not null, -- what it became
  set_by text, -- a person; null: the registry, or a check
  reason text,
  primary key (tenant_id, id)
);
create index executor_event_of on executor_event (tenant_id, executor_id, id);
create index executor_event_at on executor_event (at);
create trigger executor_event_immutable before update on executor_event for each row execute function refuse_change();
create trigger executor_event_keeps before truncate on executor_event for each statement execute function refuse_change();

create function record_executor_event() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' or new.status is distinct from old.status or new.status_set_by is distinct from old.status_set_by then
    insert into executor_event (tenant_id, executor_id, kind, value, set_by, reason)
    values (new.tenant_id, new.id, 'STATUS', new.status, coalesce(new.status_set_by, case when tg_op = 'INSERT' then new.registered_by end), new.status_reason);
  end if;
  if tg_op = 'UPDATE' and new.health is distinct from old.health then
    insert into executor_event (tenant_id, executor_id, kind, value, reason) values (new.tenant_id, new.id, 'HEALTH', new.health, new.health_reason);
  end if;
  return null;
end $$;
create trigger executor_event_insert after insert on executor for each row execute function record_executor_event();
create trigger executor_event_update after update on executor for each row
  when (new.status is distinct from old.status or new.status_set_by is distinct from old.status_set_by or new.health is distinct from old.health)
  execute function record_executor_event();

do $$
declare name text;
begin
  foreach name in array array['executor_check', 'executor_event'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_only on %I to carillon_api using (tenant_id = current_setting(''app.tenant'')::bigint) with check (tenant_id = current_setting(''app.tenant'')::bigint)', name);
    execute format('create policy every_tenant on %I to carillon_engine using (true) with check (true)', name);
  end loop;
end $$;
grant select, insert, update, delete on executor_check to carillon_engine;
grant select (tenant_id, executor_id, due_at, failures, successes, checked_at, ok, took_ms, detail) on executor_check to carillon_api;
grant select, insert, delete on executor_event to carillon_engine;
grant select, insert on executor_event to carillon_api; -- by the trigger
