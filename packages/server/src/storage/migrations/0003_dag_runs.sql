-- transactional
-- What runs of several instances need.

-- A node can wait for a person, for an event from outside, or for the run of another DAG.
alter table instance_live drop constraint instance_live_wait_reason_check;
alter table instance_live add constraint instance_live_wait_reason_check
  check (wait_reason in ('DEPENDENCY', 'TIME', 'SLOT', 'PAUSED', 'APPROVAL', 'EVENT', 'SUB_DAG'));

-- When the whole run is given up. The node that waits for a run as for a part of itself.
alter table run_live add column deadline_at timestamptz, add column parent_instance_id bigint;
-- (Its deadline says nothing of a run that has ended; but the two tables have the same columns.)
alter table run_history add column deadline_at timestamptz, add column parent_instance_id bigint;
create index run_live_deadline on run_live (deadline_at) where deadline_at is not null;

-- What a node produced, for those downstream of it: by run and node.
create index instance_history_node on instance_history (tenant_id, run_id, node) where id <> run_id;
drop index instance_history_run;

-- Nodes that wait for an event, by the name and key it must carry.
create table event_wait (
  tenant_id bigint not null,
  instance_id bigint not null,
  name text not null check (octet_length(name) <= 255),
  key text not null check (octet_length(key) <= 1024),
  primary key (tenant_id, instance_id)
);
create index event_wait_name on event_wait (tenant_id, name, key);
alter table event_wait enable row level security, force row level security;
create policy tenant_only on event_wait to carillon_api using (tenant_id = current_setting('app.tenant')::bigint);
create policy every_tenant on event_wait to carillon_engine using (true) with check (true);
grant select, insert, update, delete on event_wait to carillon_engine;
grant select on event_wait to carillon_api;

-- A person holds back new runs of a DAG for a while.
alter table dag add column paused boolean not null default false, add column pause_reason text;

-- Nodes that no executor runs have no queue.
create index instance_live_node_due on instance_live (due_at) where queue_id = 0 and due_at is not null;
create index run_live_part on run_live (parent_instance_id) where parent_instance_id is not null;
