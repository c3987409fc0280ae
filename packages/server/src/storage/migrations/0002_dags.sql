-- transactional
--
-- DAGs and their versions. A version is a definition: what people wrote, by codes alone. A draft may be edited; from the moment it takes
-- traffic its definition is frozen, and only its state and its plan (made anew when a task of it is edited) still change.

set local search_path = public, pg_temp;

create table dag (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  code text not null check (code ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$'),
  name text not null,
  description text not null default '',
  owner text not null default '',
  policies jsonb not null default '{}', -- concurrency, priority, searchable
  labels jsonb not null default '{}',
  runnable_by jsonb, -- roles that may trigger it; null: every role with run.trigger
  enabled boolean not null default true,
  active_version_id bigint, -- what runs use that name no version; null: none has been activated yet
  gray_version_id bigint, -- takes gray_percent of these runs instead
  gray_percent int check (gray_percent between 1 and 99),
  last_number int not null default 0, -- of a version; a number is given once, also when its draft is deleted
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  check ((gray_version_id is null) = (gray_percent is null)),
  check (gray_version_id is null or active_version_id is not null)
);
create unique index dag_code on dag (tenant_id, code) where deleted_at is null;

create table dag_version (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  dag_id bigint not null,
  number int not null check (number > 0),
  state text not null default 'DRAFT' check (state in ('DRAFT', 'ACTIVE', 'ARCHIVED')), -- ACTIVE: takes traffic, all of it or a share
  revision int not null default 1, -- of a draft: +1 with each edit
  definition jsonb not null,
  content_hash text not null, -- of what it means: sha256 of the canonical definition
  plan_id bigint, -- null: a draft, or archived and to be compiled anew before it runs again
  note text not null default '',
  created_by text not null,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  activated_at timestamptz,
  activated_by text,
  primary key (tenant_id, id),
  unique (tenant_id, dag_id, number),
  foreign key (tenant_id, dag_id) references dag (tenant_id, id),
  foreign key (tenant_id, plan_id) references plan (tenant_id, id),
  check (state <> 'ACTIVE' or plan_id is not null)
);
alter table dag
  add foreign key (tenant_id, active_version_id) references dag_version (tenant_id, id),
  add foreign key (tenant_id, gray_version_id) references dag_version (tenant_id, id);

-- What a version uses, from its activation on: so that it cannot be deleted meanwhile, and its edits reach the version's plan.
create table dag_version_task (
  tenant_id bigint not null,
  version_id bigint not null,
  task_id bigint not null,
  primary key (tenant_id, version_id, task_id),
  foreign key (tenant_id, version_id) references dag_version (tenant_id, id),
  foreign key (tenant_id, task_id) references task (tenant_id, id)
);
create index dag_version_task_reverse on dag_version_task (tenant_id, task_id);

create table dag_version_dag (
  tenant_id bigint not null,
  version_id bigint not null,
  dag_id bigint not null,
  number int not null, -- of the version that is named; 0: whichever is active
  primary key (tenant_id, version_id, dag_id, number),
  foreign key (tenant_id, version_id) references dag_version (tenant_id, id),
  foreign key (tenant_id, dag_id) references dag (tenant_id, id)
);
create index dag_version_dag_reverse on dag_version_dag (tenant_id, dag_id);

create function keep_dag_version() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.state <> 'DRAFT' then raise exception 'a version that has been active is kept' using errcode = 'restrict_violation'; end if;
    return old;
  end if;
  if (new.dag_id, new.number, new.created_by) is distinct from (old.dag_id, old.number, old.created_by) then
    raise exception 'a version stays where it is' using errcode = 'restrict_violation';
  end if;
  if old.state = 'DRAFT' then return new; end if;
  if new.state = 'DRAFT' or (new.definition, new.content_hash, new.revision) is distinct from (old.definition, old.content_hash, old.revision) then
    raise exception 'a version that has been active does not change' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger dag_version_immutable before update or delete on dag_version for each row execute function keep_dag_version();

do $$
declare name text;
begin
  foreach name in array array['dag', 'dag_version', 'dag_version_task', 'dag_version_dag'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_only on %I to carillon_api using (tenant_id = current_setting(''app.tenant'')::bigint) with check (tenant_id = current_setting(''app.tenant'')::bigint)', name);
    execute format('create policy every_tenant on %I to carillon_engine using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to carillon_engine', name);
    execute format('grant select on %I to carillon_api', name);
  end loop;
end $$;
grant insert, update on dag, dag_version to carillon_api;
grant delete on dag_version to carillon_api; -- drafts, says the trigger
grant insert, delete on dag_version_task, dag_version_dag to carillon_api;
