-- transactional
-- What is due is taken tenants in turn, each one's oldest first: a walk along these indexes, however long a backlog is. Nothing asks for all
-- that is due any more. (A node that is older does, and reads more than it did until it is replaced.)
set local search_path = public, pg_temp;
create index outbox_turn on outbox (kind, tenant_id, due_at, id);
drop index outbox_due;
create index backfill_turn on backfill (tenant_id, due_at) where due_at is not null;
drop index backfill_due;
