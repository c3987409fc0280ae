-- transactional
--
-- Executors that speak the protocol of xxl-job: docs/decisions/0010-xxl-job-gateway.md.

set local search_path = public, pg_temp;

-- By this number such executors know a task: they queue and kill by it. Given when it is first needed, or kept from an import. The sequence is
-- one for all tenants and begins far above what anybody imports, so tasks of two tenants do not meet in an executor that serves both.
alter table task add column xxl_job_id int check (xxl_job_id > 0);
create unique index task_xxl_job on task (tenant_id, xxl_job_id) where xxl_job_id is not null and deleted_at is null;
create sequence xxl_job_number as int minvalue 1000000001 no cycle;

alter table executor add column transport text not null default 'CARILLON' check (transport in ('CARILLON', 'XXL_JOB'));

-- What a session of such an executor has beyond others: what it speaks, and the token that it and the server show each other.
create table xxl_job_session (
  tenant_id bigint not null,
  session_id bigint not null,
  dialect text not null check (dialect in ('AB', 'C')),
  token_id bigint not null, -- the api_token that it registered with
  key_id bigint not null, -- the data key under which that token is sealed: executors have to be shown it
  sealed bytea not null,
  primary key (tenant_id, session_id),
  foreign key (tenant_id, session_id) references executor_session (tenant_id, id) on delete cascade
);

-- One attempt as such an executor knows it. Its id is the log number that is sent and comes back: below 2^53, rising, above what an
-- xxl-job database ever counted to. Written before the call, because the result may be there before the call is answered.
create table xxl_job_attempt (
  tenant_id bigint not null references tenant,
  id bigint not null default nextval('carillon_id'),
  app_tenant_id bigint not null, -- the platform's, of an app that it shares
  app_id bigint not null,
  session_id bigint not null,
  executor_id bigint not null,
  instance_id bigint not null,
  token bigint not null,
  attempt int not null,
  job_id int not null,
  sent_at timestamptz not null default statement_timestamp(), -- goes along, and names the day under which the executor keeps the log
  state text not null default 'SENDING' check (state in ('SENDING', 'SENT', 'REFUSED', 'OVER')),
  killing_until timestamptz, -- a kill is on its way: it would hit whatever is sent to the same job of the same executor meanwhile
  killed boolean not null default false,
  probed_at timestamptz,
  idle_since timestamptz, -- since when the executor says that it does nothing of this job
  log_from bigint not null default 0, -- the next line to ask for
  log_failures int not null default 0,
  look_at timestamptz, -- when a server node looks after it again; null: nothing is left to do
  pause_ms int not null default 1000,
  over_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, instance_id, token)
);
create unique index xxl_job_attempt_id on xxl_job_attempt (id);
create index xxl_job_attempt_look on xxl_job_attempt (look_at) where look_at is not null;
create index xxl_job_attempt_open on xxl_job_attempt (session_id, job_id) where state in ('SENDING', 'SENT');
create index xxl_job_attempt_over on xxl_job_attempt (over_at) where over_at is not null;

do $$
declare name text;
begin
  foreach name in array array['xxl_job_session', 'xxl_job_attempt'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_only on %I to carillon_api using (tenant_id = current_setting(''app.tenant'')::bigint) with check (tenant_id = current_setting(''app.tenant'')::bigint)', name);
    execute format('create policy every_tenant on %I to carillon_engine using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to carillon_engine', name);
  end loop;
end $$;
grant usage on sequence xxl_job_number to carillon_api, carillon_engine;
