-- transactional
--
-- The secret store. Values are encrypted by the server before they come here (AES-256-GCM); the key of a tenant's values stands beside
-- them, wrapped by a master key that the database never sees. What it is bound to (tenant, name, version of the value) is authenticated
-- with each, so a row that is moved or put back cannot be opened.

set local search_path = public, pg_temp;

-- Data keys, each wrapped. The newest of a tenant encrypts; the older ones still open what they have encrypted.
create table secret_key (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  master text not null, -- which master key wraps it: a fingerprint, not the key
  wrapped bytea not null,
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, id)
);
create index secret_key_master on secret_key (master);

create table secret (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  name text not null check (name ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$' and name !~ '^[0-9]+$'),
  description text not null default '',
  usable_by jsonb not null default '{}', -- apps, tasks, dags: codes; roles: who may refer to it. What is left out is not limited
  value_version int not null default 1, -- +1 with each rotation
  sealed bytea not null,
  key_id bigint not null,
  version int not null default 1,
  created_by text not null,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  rotated_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name),
  foreign key (tenant_id, key_id) references secret_key (tenant_id, id)
);
create index secret_by_key on secret (tenant_id, key_id);

do $$
declare name text;
begin
  foreach name in array array['secret_key', 'secret'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_only on %I to carillon_api using (tenant_id = current_setting(''app.tenant'')::bigint) with check (tenant_id = current_setting(''app.tenant'')::bigint)', name);
    execute format('create policy every_tenant on %I to carillon_engine using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to carillon_engine', name);
    execute format('grant select, insert on %I to carillon_api', name);
  end loop;
end $$;
grant update, delete on secret to carillon_api;

-- Kinds of work that a tenant's types may be of; null: every kind.
alter table tenant add column kinds jsonb;
