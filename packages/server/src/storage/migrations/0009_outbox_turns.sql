-- transactional
-- What is left to do is found by kind, then tenants in turn, each one's oldest first: a walk along this index, however long a backlog is.
set local search_path = public, pg_temp;
create index outbox_turn on outbox (kind, tenant_id, due_at, id);
-- Nothing asks for all that is due any more. (A node that is older does, and reads more than it did until it is replaced.)
drop index outbox_due;
