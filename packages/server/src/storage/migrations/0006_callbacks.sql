-- transactional
--
-- Attempts that wait for a call from outside. One that does is RUNNING and held by no session: nobody executes it any more, so nothing
-- that becomes of executors or server nodes touches it, and its deadline alone limits it.

set local search_path = public, pg_temp;

do $$
declare name text;
begin
  select conname into strict name from pg_constraint
  where conrelid = 'instance_live'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%session_id IS NOT NULL%reserved_at IS NOT NULL%';
  execute format('alter table instance_live drop constraint %I', name);
end $$;
alter table instance_live add constraint instance_live_held_check check (
  ((state = 'RESERVED') <= (session_id is not null)) and ((state in ('RESERVED', 'RUNNING')) <= (token > 0 and reserved_at is not null)));

-- The address that one attempt was given. It is good once, and only while its instance is under that token.
create table callback (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  instance_id bigint not null,
  token bigint not null,
  hash bytea not null, -- of the secret in the address, which is kept nowhere
  wait_ms bigint not null, -- from the answer that promises the call
  opened_at timestamptz not null default statement_timestamp(),
  used_at timestamptz,
  keep_until timestamptz not null, -- so long a late or second call is told what it is
  primary key (tenant_id, id),
  unique (tenant_id, instance_id, token)
);
create unique index callback_id on callback (id);
create index callback_keep on callback (keep_until);
alter table callback enable row level security, force row level security;
create policy tenant_only on callback to carillon_api using (tenant_id = current_setting('app.tenant')::bigint) with check (tenant_id = current_setting('app.tenant')::bigint);
create policy every_tenant on callback to carillon_engine using (true) with check (true);
grant select, insert, update, delete on callback to carillon_engine;
grant select on callback to carillon_api;
