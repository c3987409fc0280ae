-- transactional
--
-- The schema of Carillon's core. Four groups of tables, each with its own manners:
--   configuration  (tenant, app, task_type, task, schedule, calendar …)  foreign keys, versions, soft deletion
--   live           (run_live, instance_live, schedule_due, gate …)       hot, narrow, unpartitioned, no foreign keys
--   history        (run_history, instance_history, attempt, log_line, fire, audit)  partitioned by day, dropped, never updated by hand
--   the platform   (server_node, leader, idempotency, outbox …)
-- Every table of a tenant's data leads its key with tenant_id and is under forced row-level security (end of this file).
-- Lock order, everywhere: schedule_due → gate → executor_session → executor → rate_bucket → instance of a single-instance run → run →
-- instance of a larger run; within a table by (tenant_id, id).

-- Without this a schema named like the login user would receive the tables.
set local search_path = public, pg_temp;

-- ───────────────────────────────────────────────────────────────── roles
do $$
declare role_name text;
begin
  -- api: one tenant a transaction (app.tenant). engine: batches across tenants, each row under its authenticated tenant.
  foreach role_name in array array['carillon_api', 'carillon_engine'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls nocreatedb nocreaterole', role_name);
      exception
        when duplicate_object or unique_violation then null; -- another database of this cluster made it meanwhile
        when insufficient_privilege then
          raise exception 'The user % may not create the role %.', current_user, role_name
            using hint = format('As an administrator: CREATE ROLE %I NOLOGIN; GRANT %I TO %I;', role_name, role_name, current_user);
      end;
    end if;
    if not pg_has_role(current_user, role_name, 'member') then
      begin
        execute format('grant %I to current_user', role_name);
      exception when insufficient_privilege then
        raise exception 'The user % is not a member of the role %.', current_user, role_name
          using hint = format('As an administrator: GRANT %I TO %I;', role_name, current_user);
      end;
    end if;
  end loop;
end $$;

-- ───────────────────────────────────────────────────────────────── ids and instants
-- One sequence numbers everything. The day stands above bit 37, so an id tells its day, rises in time, stays below 2^53 (JSON numbers)
-- and history can be partitioned by id alone. open_day moves it forward; between days it only counts.
create sequence carillon_id as bigint minvalue 1 maxvalue 9007199254740991 no cycle;

create function at_ms(ms bigint) returns timestamptz language sql immutable strict parallel safe as
  $$ select to_timestamp(ms::double precision / 1000) $$;
create function to_ms(at timestamptz) returns bigint language sql immutable strict parallel safe as
  $$ select floor(extract(epoch from at) * 1000)::bigint $$;

-- ───────────────────────────────────────────────────────────────── tenants, users, tokens
create table tenant (
  id bigint primary key default nextval('carillon_id'),
  code text not null unique check (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  name text not null check (char_length(name) between 1 and 200),
  state text not null default 'ACTIVE' check (state in ('ACTIVE', 'SUSPENDED')),
  weight int not null default 1 check (weight between 1 and 100),
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp()
);
comment on table tenant is 'The tenant "platform" (id 1) owns the apps that every tenant may use, such as the built-in executor''s.';
insert into tenant (id, code, name) values (1, 'platform', 'Platform');

create table user_account (
  id bigint primary key default nextval('carillon_id'),
  login text not null unique check (login ~ '^[^\s]{1,200}$'),
  name text not null,
  password_hash text, -- algorithm-tagged; null: cannot sign in by password
  platform_admin boolean not null default false,
  disabled boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp()
);

create table membership (
  tenant_id bigint not null references tenant,
  user_id bigint not null references user_account,
  role text not null check (role in ('owner', 'admin', 'developer', 'operator', 'viewer')),
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, user_id)
);

create table api_token (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  name text not null check (char_length(name) between 1 and 200),
  hash bytea not null unique, -- sha256 of 256 random bits: no salt needed, constant-time by index equality on the hash
  role text not null check (role in ('owner', 'admin', 'developer', 'operator', 'viewer', 'executor')),
  app_id bigint, -- an executor token may be bound to one app
  platform_admin boolean not null default false,
  created_by text not null,
  created_at timestamptz not null default statement_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  check (app_id is null or role = 'executor'),
  check (not platform_admin or role = 'owner') -- and the api role cannot write the column: only the server itself makes such tokens
);

-- ───────────────────────────────────────────────────────────────── configuration
create table app (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  code text not null check (code ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$'),
  name text not null,
  description text not null default '',
  shared boolean not null default false, -- usable by every tenant; only the platform tenant may say so
  paused boolean not null default false, -- a closed lane: its queued instances stay PENDING and are not claimed
  rate_per_second double precision check (rate_per_second > 0),
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  check (not shared or tenant_id = 1)
);
create unique index app_code on app (tenant_id, code) where deleted_at is null;
insert into app (tenant_id, id, code, name, description, shared)
values (1, 2, 'builtin', 'Built-in executor', 'Runs the kinds http, log and delay for every tenant', true);
select setval('carillon_id', 100);

create table task_type (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  code text not null check (code ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$'),
  name text not null,
  description text not null default '',
  kind text not null check (char_length(kind) between 1 and 40),
  app_id bigint, -- the app whose executors serve it; null: the built-in executor
  app_tenant_id bigint,
  settings jsonb not null default '{}', -- of the kind: a handler's name, a request, …
  params_schema jsonb, -- JSON Schema 2020-12
  defaults jsonb not null default '{}', -- policies; a task overrides them one by one
  labels jsonb not null default '{}',
  enabled boolean not null default true,
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  foreign key (app_tenant_id, app_id) references app (tenant_id, id),
  check ((app_id is null) = (app_tenant_id is null)),
  check (app_tenant_id in (tenant_id, 1))
);
create unique index task_type_code on task_type (tenant_id, code) where deleted_at is null;

-- A plan is what a run executes: a task or a DAG version compiled into nodes with everything inherited already resolved. It never
-- changes; an edit makes a new plan, runs keep theirs. Server nodes cache plans by id for ever.
create table plan (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  target_kind text not null check (target_kind in ('TASK', 'DAG')),
  target_id bigint not null,
  body jsonb not null,
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, id)
);
create index plan_target on plan (tenant_id, target_id);

create table task (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  code text not null check (code ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$'),
  name text not null,
  description text not null default '',
  owner text not null default '',
  type_id bigint not null,
  params jsonb not null default '{}',
  policies jsonb not null default '{}',
  environment jsonb not null default '{}', -- { variables, selector }
  labels jsonb not null default '{}',
  runnable_by jsonb, -- roles that may trigger it; null: every role with run.trigger
  enabled boolean not null default true,
  plan_id bigint not null,
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, type_id) references task_type (tenant_id, id),
  foreign key (tenant_id, plan_id) references plan (tenant_id, id)
);
create unique index task_code on task (tenant_id, code) where deleted_at is null;
create index task_by_type on task (tenant_id, type_id) where deleted_at is null;

create table task_downstream (
  tenant_id bigint not null,
  task_id bigint not null,
  downstream_task_id bigint not null,
  outcomes jsonb not null, -- final run states that start it
  primary key (tenant_id, task_id, downstream_task_id),
  foreign key (tenant_id, task_id) references task (tenant_id, id),
  foreign key (tenant_id, downstream_task_id) references task (tenant_id, id)
);
create index task_downstream_reverse on task_downstream (tenant_id, downstream_task_id);

create table calendar (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  code text not null check (code ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$'),
  name text not null,
  description text not null default '',
  timezone text not null,
  weekdays jsonb not null default '[]', -- 1 Monday … 7 Sunday
  days jsonb not null default '[]', -- 'YYYY-MM-DD' that belong to it
  except_days jsonb not null default '[]', -- make-up days: do not belong although weekdays or days say so
  labels jsonb not null default '{}',
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
create unique index calendar_code on calendar (tenant_id, code) where deleted_at is null;

create table schedule (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  code text not null check (code ~ '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$'),
  name text not null default '',
  description text not null default '',
  target_kind text not null check (target_kind in ('TASK', 'DAG')),
  target_id bigint not null,
  timing jsonb not null, -- { kind: CRON | FIXED_RATE | FIXED_DELAY | ONCE | MANUAL, … }
  start_at timestamptz,
  end_at timestamptz,
  jitter_ms int not null default 0 check (jitter_ms between 0 and 86400000),
  misfire jsonb, -- null: the policy of its task
  params jsonb not null default '{}',
  priority smallint check (priority between 1 and 10),
  paused boolean not null default false,
  pause_reason text,
  labels jsonb not null default '{}',
  version int not null default 1,
  created_at timestamptz not null default statement_timestamp(),
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
create unique index schedule_code on schedule (tenant_id, code) where deleted_at is null;
create index schedule_target on schedule (tenant_id, target_id) where deleted_at is null;

create table schedule_calendar (
  tenant_id bigint not null,
  schedule_id bigint not null,
  calendar_id bigint not null,
  mode text not null check (mode in ('INCLUDE', 'EXCLUDE')),
  primary key (tenant_id, schedule_id, calendar_id),
  foreign key (tenant_id, schedule_id) references schedule (tenant_id, id),
  foreign key (tenant_id, calendar_id) references calendar (tenant_id, id)
);
create index schedule_calendar_reverse on schedule_calendar (tenant_id, calendar_id);

-- Labels as rows, because under row-level security only leakproof operators (text equality is one, jsonb @> is not) use an index.
create table object_label (
  tenant_id bigint not null references tenant,
  object_kind text not null,
  key text not null check (octet_length(key) <= 255),
  value text not null check (octet_length(value) <= 1024),
  object_id bigint not null,
  primary key (tenant_id, object_kind, key, value, object_id)
);
create index object_label_of on object_label (tenant_id, object_kind, object_id);

create table revision (
  tenant_id bigint not null references tenant,
  object_kind text not null,
  object_id bigint not null,
  version int not null,
  at timestamptz not null default statement_timestamp(),
  principal text not null,
  operation text not null,
  body jsonb not null,
  primary key (tenant_id, object_kind, object_id, version)
);

-- ───────────────────────────────────────────────────────────────── executors
create table executor (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  app_id bigint not null,
  instance text not null check (char_length(instance) between 1 and 200), -- the name it registers under, unique in its app
  mode text not null check (mode in ('PULL', 'PUSH')),
  address text, -- where a push executor is called
  handlers jsonb not null default '[]',
  capacity int not null check (capacity between 1 and 100000),
  labels jsonb not null default '{}',
  metadata jsonb not null default '{}',
  status text not null default 'ONLINE' check (status in ('ONLINE', 'OFFLINE', 'MAINTENANCE', 'DRAINING')),
  status_set_by text, -- a person; null: the registry. A heartbeat never lifts what a person set
  status_reason text,
  health text not null default 'HEALTHY' check (health in ('HEALTHY', 'UNHEALTHY')),
  registered_at timestamptz not null default statement_timestamp(),
  version int not null default 1,
  updated_at timestamptz not null default statement_timestamp(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, app_id) references app (tenant_id, id),
  check (mode = 'PULL' or address is not null)
);
create unique index executor_instance on executor (tenant_id, app_id, instance) where deleted_at is null;

-- One lease for one stay of an executor process, renewed by its heartbeat. Instances carry the session, so 10,000 running instances
-- are renewed by one narrow update. Registering again under the same name ends the previous session at once.
create table executor_session (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  executor_id bigint not null,
  app_id bigint not null,
  capacity int not null,
  lease_until timestamptz not null,
  call_token text, -- the executor's own secret for this session, by which it knows the server that calls it; sent to its address only
  claim_seq bigint not null default 0,
  started_at timestamptz not null default statement_timestamp(),
  seen_at timestamptz not null default statement_timestamp(),
  ended_at timestamptz,
  end_reason text check (end_reason in ('LEFT', 'REPLACED', 'EXPIRED', 'DELETED')),
  primary key (tenant_id, id),
  check ((ended_at is null) = (end_reason is null))
) with (fillfactor = 50);
create unique index executor_session_open on executor_session (tenant_id, executor_id) where ended_at is null;
create unique index executor_session_id on executor_session (id);

-- A queue is what an executor can take: an app's handler under a selector. Interned, so that claiming compares one integer.
-- A task with a rate of its own gets a queue of its own, so that a closed rate closes only its lane.
create table queue (
  id int generated always as identity primary key,
  app_tenant_id bigint not null,
  app_id bigint not null,
  handler text not null check (octet_length(handler) <= 1024),
  selector jsonb not null default '{}' check (octet_length(selector::text) <= 1024),
  executor_id bigint, -- pinned
  rate_tenant_id bigint,
  rate_key text, -- rate_bucket that also governs it
  unique nulls not distinct (app_tenant_id, app_id, handler, selector, executor_id, rate_tenant_id, rate_key)
);

create table rate_bucket (
  tenant_id bigint not null,
  key text not null, -- 'app:<id>' or 'task:<id>'
  per_second double precision not null check (per_second > 0),
  burst double precision not null check (burst >= 1),
  tokens double precision not null,
  refilled_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, key)
) with (fillfactor = 50);

-- ───────────────────────────────────────────────────────────────── firing
-- Narrow and apart from the definition: firing never touches the row that people edit. Its row lock is the gate between firing and editing.
create table schedule_due (
  tenant_id bigint not null,
  schedule_id bigint not null,
  next_fire_at timestamptz, -- the high-water mark: every occurrence before it has been decided; null: nothing to come
  due_at timestamptz, -- when firing looks at it again: next_fire_at with jitter, or later while a catch-up is rate-limited
  misfire jsonb, -- bookkeeping of a backlog being worked off
  decided_until timestamptz, -- the last decided occurrence; nothing, also no edit under a clock set back, goes behind it
  last_fire_at timestamptz,
  stretch_fire_at timestamptz, -- ledger row of the open stretch of equal non-fires
  stretch_reason text,
  primary key (tenant_id, schedule_id),
  check ((next_fire_at is null) = (due_at is null))
) with (fillfactor = 70);
create index schedule_due_at on schedule_due (due_at) where due_at is not null;
create index schedule_due_turn on schedule_due (tenant_id, due_at) where due_at is not null;
create index schedule_due_sleeping on schedule_due (tenant_id, schedule_id) where next_fire_at is null; -- of a million, the few to be checked

-- finishRuns never writes a schedule (lock order): a FIXED_DELAY schedule learns the end of its run from a row here.
create table schedule_wake (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  schedule_id bigint not null,
  ended_at timestamptz not null,
  primary key (tenant_id, id)
);

-- The firing ledger. Its key is the promise: an occurrence of a schedule is decided once, whatever dies. Live fires have backfill_id 0.
create table fire (
  tenant_id bigint not null,
  schedule_id bigint not null,
  backfill_id bigint not null default 0,
  fire_at timestamptz not null,
  last_fire_at timestamptz not null,
  count bigint not null default 1 check (count >= 1),
  outcome text not null check (outcome in ('RUN', 'LATE', 'CAUGHT_UP', 'SKIPPED', 'MISSED')),
  reason text not null,
  run_id bigint,
  decided_at timestamptz not null,
  primary key (tenant_id, schedule_id, backfill_id, fire_at),
  check (outcome in ('SKIPPED', 'MISSED') or (run_id is not null and count = 1)),
  check (last_fire_at >= fire_at and (count = 1) = (last_fire_at = fire_at))
) partition by range (fire_at); -- no default partition: a day that is missing is opened when it is needed

create table backfill (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  schedule_id bigint not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  next_at timestamptz not null, -- high-water mark
  due_at timestamptz, -- null: finished or cancelled
  per_minute int not null check (per_minute between 1 and 100000),
  params jsonb not null default '{}',
  state text not null default 'RUNNING' check (state in ('RUNNING', 'DONE', 'CANCELLED')),
  runs int not null default 0,
  skipped int not null default 0,
  created_by text not null,
  created_at timestamptz not null default statement_timestamp(),
  ended_at timestamptz,
  primary key (tenant_id, id),
  check (from_at < to_at),
  check ((state = 'RUNNING') = (due_at is not null))
);
create index backfill_due on backfill (due_at) where due_at is not null;
create index backfill_schedule on backfill (tenant_id, schedule_id);

-- ───────────────────────────────────────────────────────────────── runs and instances, live
-- One row per concurrency key: whoever starts and whoever finishes a keyed run locks it, then counts in the next statement.
create table gate (
  tenant_id bigint not null,
  key text not null check (octet_length(key) <= 1024),
  primary key (tenant_id, key)
);

create table run_live (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  target_kind text not null check (target_kind in ('TASK', 'DAG')),
  target_id bigint not null,
  plan_id bigint not null,
  state text not null check (state in ('PENDING', 'RUNNING', 'PAUSED', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED')),
  reason text, -- why it is in that state, where the state does not say it: held by which run, paused by whom, …
  origin text not null check (origin in ('SCHEDULE', 'API', 'CONSOLE', 'CLI', 'UPSTREAM', 'WEBHOOK', 'BACKFILL', 'RETRY')),
  started_by text not null,
  schedule_id bigint,
  fire_at timestamptz, -- the planned time
  backfill_id bigint,
  parent_run_id bigint, -- the run that started it (UPSTREAM) or that it repeats (RETRY)
  depth smallint not null default 0, -- of an UPSTREAM chain
  params jsonb not null,
  priority smallint not null check (priority between 1 and 10),
  concurrency_key text check (octet_length(concurrency_key) <= 1024),
  admitted boolean not null default true, -- holds its slot (keyed runs)
  wakes_schedule boolean not null default false, -- its end is the start of a FIXED_DELAY schedule's pause
  instances int not null check (instances >= 0),
  created_at timestamptz not null default statement_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  check ((ended_at is not null) = (state in ('SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED')))
) with (fillfactor = 85);
create index run_live_target on run_live (target_id, id);
create index run_live_key on run_live (tenant_id, concurrency_key, admitted, id) where concurrency_key is not null;
-- Last, so that it wins where the planner holds two indexes for equally good, as it does of an empty table: it takes the newest. For the same
-- reason no other index here begins with tenant_id alone.
alter table run_live add primary key (tenant_id, id);

-- The only instance of a task run has its run's id (id = run_id): no second index, no second lock.
create table instance_live (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  run_id bigint not null,
  plan_id bigint not null,
  node int not null default 0, -- index in the plan
  shard_index int not null default 0,
  shard_total int not null default 1,
  state text not null
    check (state in ('WAITING', 'PENDING', 'RESERVED', 'RUNNING', 'SUCCESS', 'FAILED', 'TIMEOUT', 'SKIPPED', 'CANCELLED', 'LOST')),
  wait_reason text check (wait_reason in ('DEPENDENCY', 'TIME', 'SLOT', 'PAUSED')),
  queue_id int not null,
  sort_key bigint not null, -- queued_ms − (priority − 5) × aging: written once, a retry keeps its place
  due_at timestamptz, -- WAITING for TIME
  attempt int not null default 1,
  lost int not null default 0, -- attempts that ended with their executor's lease; they do not use up retries
  token bigint not null default 0, -- the fence: +1 with each reservation; every report must carry the current one
  session_id bigint,
  executor_id bigint,
  claim_seq bigint,
  reserved_at timestamptz,
  started_at timestamptz,
  deadline_at timestamptz, -- RESERVED: must have started; RUNNING: time-out, then end of the grace period
  stop_reason text check (stop_reason in ('CANCEL', 'TIMEOUT', 'REPLACED')),
  params jsonb, -- null: the run's
  output jsonb,
  error jsonb,
  progress smallint check (progress between 0 and 100),
  progress_message text,
  parents int not null default 0, -- of a DAG node: how many, and how they ended so far
  parents_ok int not null default 0,
  parents_failed int not null default 0,
  parents_skipped int not null default 0,
  created_at timestamptz not null default statement_timestamp(),
  ended_at timestamptz,
  primary key (tenant_id, id),
  check ((state = 'WAITING') = (wait_reason is not null)),
  check (due_at is null or state = 'WAITING'),
  check (wait_reason is distinct from 'TIME' or due_at is not null),
  check ((state in ('RESERVED', 'RUNNING')) <= (session_id is not null and token > 0 and reserved_at is not null)),
  check (state <> 'RUNNING' or started_at is not null),
  check (state not in ('WAITING', 'PENDING') or (session_id is null and stop_reason is null and deadline_at is null)),
  check (shard_index between 0 and shard_total - 1),
  check ((ended_at is not null) = (state in ('SUCCESS', 'FAILED', 'TIMEOUT', 'SKIPPED', 'CANCELLED', 'LOST')))
) with (fillfactor = 70);
create index instance_live_pending on instance_live (queue_id, tenant_id, sort_key) where state = 'PENDING';
create index instance_live_session on instance_live (session_id, deadline_at) where state in ('RESERVED', 'RUNNING');
create index instance_live_due on instance_live (tenant_id, due_at) where due_at is not null;
create unique index instance_live_run on instance_live (tenant_id, run_id, node, shard_index) where id <> run_id;

alter table run_live set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
alter table instance_live set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
alter table schedule_due set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
alter table executor_session set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table rate_bucket set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);

-- ───────────────────────────────────────────────────────────────── history, partitioned by the day in the id
create table run_history (like run_live including defaults including constraints, check (ended_at is not null)) partition by range (id);
alter table run_history add primary key (tenant_id, id);
create index run_history_target on run_history (tenant_id, target_id, id);
create index run_history_unsuccessful on run_history (tenant_id, id) where state in ('FAILED', 'TIMEOUT', 'CANCELLED');
create index run_history_schedule on run_history (tenant_id, schedule_id, id) where schedule_id is not null;
create index run_history_parent on run_history (tenant_id, parent_run_id, id) where parent_run_id is not null;

create table instance_history (like instance_live including defaults including constraints, check (ended_at is not null)) partition by range (id);
alter table instance_history add primary key (tenant_id, id);
create index instance_history_run on instance_history (tenant_id, run_id) where id <> run_id;
create index instance_history_executor on instance_history (tenant_id, executor_id, id);

-- The last attempt of an instance stands in the instance's own row; here are the earlier ones.
create table attempt (
  tenant_id bigint not null,
  instance_id bigint not null,
  number int not null,
  token bigint not null,
  session_id bigint,
  executor_id bigint,
  outcome text not null check (outcome in ('SUCCESS', 'FAILED', 'TIMEOUT', 'SKIPPED', 'CANCELLED', 'LOST')),
  reserved_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz not null,
  error jsonb,
  primary key (tenant_id, instance_id, number)
) partition by range (instance_id);

create table log_line (
  tenant_id bigint not null,
  instance_id bigint not null,
  attempt int not null,
  seq bigint not null,
  at timestamptz not null,
  level text not null check (level in ('DEBUG', 'INFO', 'WARN', 'ERROR')),
  source text not null check (source in ('handler', 'system', 'stdout', 'stderr')),
  text text not null,
  primary key (tenant_id, instance_id, attempt, seq)
) partition by range (instance_id);

create table log_extent (
  tenant_id bigint not null,
  instance_id bigint not null,
  attempt int not null,
  lines bigint not null,
  bytes bigint not null,
  last_seq bigint not null,
  cut boolean not null default false, -- the attempt's limit was reached; later lines were counted, not kept
  primary key (tenant_id, instance_id, attempt)
) partition by range (instance_id);

create table run_param (
  tenant_id bigint not null,
  key text not null check (octet_length(key) <= 255),
  value text not null check (octet_length(value) <= 1024),
  run_id bigint not null,
  primary key (tenant_id, key, value, run_id)
) partition by range (run_id);

create table audit (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  at timestamptz not null default statement_timestamp(),
  principal text not null,
  address text,
  request_id text,
  operation text not null, -- 'task.update', 'run.cancel', …
  object_kind text not null,
  object_id text,
  before jsonb,
  after jsonb,
  primary key (tenant_id, id)
) partition by range (id);
create index audit_object on audit (tenant_id, object_kind, object_id, id);

create table refused_report (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  at timestamptz not null default statement_timestamp(),
  instance_id bigint not null,
  token bigint not null,
  session_id bigint,
  kind text not null,
  reason text not null,
  primary key (tenant_id, id)
) partition by range (id);

-- The days of history. A piece is made apart and then attached, because CREATE … PARTITION OF would lock the parent against every reader
-- and writer; callers do one piece a transaction. The sequence is moved only to a day whose pieces exist: setval survives a
-- rollback, a new table does not. Until it is moved, ids simply go on in the last day that was opened.
create function history_tables() returns text[] language sql immutable parallel safe as $$
  select array['run_history', 'instance_history', 'attempt', 'log_line', 'log_extent', 'run_param', 'audit', 'refused_report', 'fire']
$$;

create function open_day(of_table text, on_day date) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare
  piece text := of_table || '_' || to_char(on_day, 'YYYYMMDD');
  day_number bigint := on_day - date '1970-01-01';
begin
  if of_table <> all (history_tables()) then raise exception 'not a history table: %', of_table; end if;
  if to_regclass(piece) is not null then return false; end if;
  perform pg_advisory_xact_lock(hashtext('carillon.' || piece));
  if to_regclass(piece) is not null then return false; end if;
  execute format('create table %I (like %I including defaults including constraints)', piece, of_table);
  execute format('alter table %I enable row level security, force row level security', piece);
  if of_table = 'fire' then
    execute format('alter table fire attach partition %I for values from (%L) to (%L)', piece,
                   on_day::timestamp at time zone 'UTC', (on_day + 1)::timestamp at time zone 'UTC');
  else
    execute format('alter table %I attach partition %I for values from (%s) to (%s)', of_table, piece, day_number << 37, (day_number + 1) << 37);
  end if;
  return true;
end $$;

create function enter_day(on_day date) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare
  day_number bigint := on_day - date '1970-01-01';
  name text;
begin
  if on_day > (statement_timestamp() at time zone 'UTC')::date then return false; end if;
  perform pg_advisory_xact_lock(hashtext('carillon.enter_day'));
  foreach name in array history_tables() loop
    if to_regclass(name || '_' || to_char(on_day, 'YYYYMMDD')) is null then return false; end if;
  end loop;
  perform setval('carillon_id', day_number << 37) from carillon_id where last_value < day_number << 37;
  return true;
end $$;

-- Drops a day of one history table. Refuses today and yesterday, and a day in which something live began: it could never end.
create function drop_day(of_table text, on_day date) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare
  piece text := of_table || '_' || to_char(on_day, 'YYYYMMDD');
  first_id bigint := (on_day - date '1970-01-01')::bigint << 37;
  end_id bigint := (on_day - date '1970-01-01' + 1)::bigint << 37;
begin
  if of_table <> all (history_tables()) then raise exception 'not a history table: %', of_table; end if;
  if on_day >= (statement_timestamp() at time zone 'UTC')::date - 1 then return false; end if;
  if to_regclass(piece) is null then return false; end if;
  if of_table = 'fire' then
    if exists (select from schedule_due where decided_until is not null and next_fire_at < on_day + 1) then return false; end if;
  elsif exists (select from run_live where id >= first_id and id < end_id) or exists (select from instance_live where id >= first_id and id < end_id) then
    return false;
  end if;
  execute format('alter table %I detach partition %I', of_table, piece);
  execute format('drop table %I', piece);
  return true;
end $$;

-- ───────────────────────────────────────────────────────────────── the platform
create table idempotency (
  tenant_id bigint not null,
  principal text not null,
  route text not null,
  key text not null check (char_length(key) between 1 and 200),
  request_hash text not null,
  response jsonb,
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, principal, route, key)
);
create index idempotency_age on idempotency (created_at);

create table outbox (
  tenant_id bigint not null,
  id bigint not null default nextval('carillon_id'),
  kind text not null,
  run_id bigint not null,
  payload jsonb not null,
  tries int not null default 0,
  due_at timestamptz not null default statement_timestamp(),
  error text,
  primary key (tenant_id, id)
);
create index outbox_due on outbox (due_at);

create table server_node (
  id text primary key,
  name text not null,
  address text,
  version text not null,
  state text not null default 'RUNNING' check (state in ('RUNNING', 'STOPPED', 'DRAINING')), -- wanted: firing and dispatching, neither firing, neither
  started_at timestamptz not null default statement_timestamp(),
  seen_at timestamptz not null default statement_timestamp()
) with (fillfactor = 50);

create table scheduler_control (
  singleton boolean primary key default true check (singleton),
  state text not null default 'RUNNING' check (state in ('RUNNING', 'STOPPED', 'DRAINING')),
  changed_by text,
  changed_at timestamptz
);
insert into scheduler_control default values;

create table leader (
  role text primary key,
  node_id text not null,
  term bigint not null,
  lease_until timestamptz not null
);

-- ───────────────────────────────────────────────────────────────── row-level security and grants
-- The setting has no default on purpose: a transaction that forgot its tenant fails on the cast of '' (or on the missing setting)
-- instead of seeing nothing or everything.
do $$
declare t record;
begin
  for t in
    select c.oid::regclass as name, c.relname, c.relispartition
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
  loop
    execute format('alter table %s enable row level security, force row level security', t.name);
    continue when t.relispartition;
    execute format('create policy tenant_only on %s to carillon_api using (tenant_id = current_setting(''app.tenant'')::bigint) with check (tenant_id = current_setting(''app.tenant'')::bigint)', t.name);
    execute format('create policy every_tenant on %s to carillon_engine using (true) with check (true)', t.name);
    execute format('grant select, insert, update, delete on %s to carillon_engine', t.name);
    execute format('grant select on %s to carillon_api', t.name);
  end loop;
end $$;

alter table tenant enable row level security, force row level security;
create policy tenant_only on tenant to carillon_api using (id = current_setting('app.tenant')::bigint);
create policy every_tenant on tenant to carillon_engine using (true) with check (true);
grant select on tenant to carillon_api;
grant select, insert, update on tenant to carillon_engine;

-- Apps that the platform shares can be read and used by everyone.
create policy shared_apps on app for select to carillon_api using (shared);

-- The executors of shared apps are visible to everyone who can use them; queues only as far as their apps are one's own or shared.
create policy shared_executors on executor for select to carillon_api using (tenant_id = 1);
alter table queue enable row level security, force row level security;
create policy own_or_shared on queue to carillon_api using (app_tenant_id in (1, current_setting('app.tenant')::bigint))
  with check (app_tenant_id in (1, current_setting('app.tenant')::bigint));
create policy every_tenant on queue to carillon_engine using (true) with check (true);

revoke select on executor_session from carillon_api;
grant select (tenant_id, id, executor_id, app_id, capacity, lease_until, claim_seq, started_at, seen_at, ended_at, end_reason) on executor_session to carillon_api;
grant insert, update on app, task_type, task, calendar, schedule, schedule_due, executor, membership, backfill to carillon_api;
grant insert on plan to carillon_api; -- immutable
grant insert (tenant_id, id, name, hash, role, app_id, created_by, created_at, expires_at), update (revoked_at) on api_token to carillon_api;
revoke update, delete on plan from carillon_engine;
grant insert, update, delete on task_downstream, schedule_calendar, object_label, rate_bucket, idempotency to carillon_api;
grant insert on revision, audit, fire to carillon_api; -- fire: what an edit leaves undecided
grant select, insert on queue to carillon_api;
grant select, insert, update, delete on user_account, queue, server_node, scheduler_control, leader to carillon_engine;
grant select on schema_migration to carillon_engine, carillon_api;
grant usage on sequence carillon_id to carillon_api, carillon_engine;
revoke execute on function open_day(text, date), enter_day(date), drop_day(text, date) from public;
grant execute on function open_day(text, date), enter_day(date), drop_day(text, date) to carillon_engine;

-- Append-only, for every role: the grants say so, and the trigger says it to whoever has more.
revoke update, delete on audit, revision from carillon_engine;
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger audit_append_only before update or delete on audit for each row execute function refuse_change();
create trigger revision_append_only before update or delete on revision for each row execute function refuse_change();
create trigger plan_immutable before update or delete on plan for each row execute function refuse_change();
create trigger audit_keeps before truncate on audit for each statement execute function refuse_change();
create trigger revision_keeps before truncate on revision for each statement execute function refuse_change();

select open_day(name, (statement_timestamp() at time zone 'UTC')::date + n) from generate_series(-1, 3) n, unnest(history_tables()) name;
select enter_day((statement_timestamp() at time zone 'UTC')::date);
