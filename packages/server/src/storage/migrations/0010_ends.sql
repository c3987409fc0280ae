-- transactional
-- How runs and what belongs to them end.
set local search_path = public, pg_temp;

-- A run that is given up by its own time-out stops its nodes for good: unlike an attempt that has taken too long, they are not tried again.
-- (History takes over what has been live, so it needs no check of its own.)
alter table instance_live drop constraint instance_live_stop_reason_check;
alter table instance_live add constraint instance_live_stop_reason_check check (stop_reason in ('CANCEL', 'TIMEOUT', 'REPLACED', 'RUN_TIMEOUT'));
alter table instance_history drop constraint instance_live_stop_reason_check;

-- Only what waited already when an event came hears of it, also where so many do that they are told in several transactions.
alter table event_wait add column since timestamptz not null default statement_timestamp();
-- Until now they stayed behind when their node ended otherwise.
delete from event_wait w where not exists (select from instance_live i where i.tenant_id = w.tenant_id and i.id = w.instance_id and i.wait_reason = 'EVENT');

-- A backfill that has yet to decide occurrences of a day writes them into the ledger's piece of that day: it stays until then.
create or replace function drop_day(of_table text, on_day date) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare
  piece text := of_table || '_' || to_char(on_day, 'YYYYMMDD');
  first_id bigint := (on_day - date '1970-01-01')::bigint << 37;
  end_id bigint := (on_day - date '1970-01-01' + 1)::bigint << 37;
  begins timestamptz := on_day::timestamp at time zone 'UTC';
  ends timestamptz := (on_day + 1)::timestamp at time zone 'UTC';
begin
  if of_table <> all (history_tables()) then raise exception 'not a history table: %', of_table; end if;
  if on_day >= (statement_timestamp() at time zone 'UTC')::date - 1 then return false; end if;
  if to_regclass(piece) is null then return false; end if;
  if of_table = 'fire' then
    if exists (select from schedule_due where decided_until is not null and next_fire_at < ends) then return false; end if;
    if exists (select from backfill where due_at is not null and next_at < ends and to_at > begins) then return false; end if;
  elsif exists (select from run_live where id >= first_id and id < end_id) or exists (select from instance_live where id >= first_id and id < end_id) then
    return false;
  end if;
  execute format('alter table %I detach partition %I', of_table, piece);
  execute format('drop table %I', piece);
  return true;
end $$;
