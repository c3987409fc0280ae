-- transactional
-- What has held instances up, and for how long.
set local search_path = public, pg_temp;

-- [[reason, until when in milliseconds, which run held it or in which queue it stood, attempt], …], written as it stops waiting for something. Null:
-- it has waited for nothing but its turn. What nodes before this migration change meanwhile is only said less exactly.
alter table instance_live add column waits jsonb;
alter table instance_history add column waits jsonb;

-- What an instance has waited for, with what it waits for no longer from now on. What is over in a moment is not worth a row that grows: in a queue
-- (PENDING) a second is none, as nothing shorter is known of queues either. Of one that changes without end the last are taken together (MANY).
create function waited(waits jsonb, since timestamptz, attempt int, reason text, ref bigint) returns jsonb language sql stable parallel safe as $$
  select case
    when waits is null and statement_timestamp() < since + (case reason when 'PENDING' then interval '1 s' else interval '100 ms' end) then null
    when jsonb_array_length(waits) >= 100 then jsonb_set(waits, '{-1}', jsonb_build_array('MANY', to_ms(statement_timestamp()), null, attempt))
    else coalesce(waits, '[]') || jsonb_build_array(jsonb_build_array(reason, to_ms(statement_timestamp()), ref, attempt))
  end $$;

-- Why what is PENDING in a queue has not been given out: a row from when that was seen until it was seen to be otherwise, of each tenant that waits
-- there. However many wait, one row says it of all of them.
create table queue_wait (
  tenant_id bigint not null,
  queue_id int not null,
  since timestamptz not null,
  until timestamptz check (until >= since),
  reason text not null,
  detail text not null,
  held_by bigint, -- a run
  primary key (tenant_id, queue_id, since)
);
create unique index queue_wait_open on queue_wait (tenant_id, queue_id) where until is null;
create index queue_wait_until on queue_wait (until);
alter table queue_wait enable row level security, force row level security;
create policy tenant_only on queue_wait to carillon_api using (tenant_id = current_setting('app.tenant')::bigint) with check (tenant_id = current_setting('app.tenant')::bigint);
create policy every_tenant on queue_wait to carillon_engine using (true) with check (true);
grant select, insert, update, delete on queue_wait to carillon_engine;
grant select on queue_wait to carillon_api;
