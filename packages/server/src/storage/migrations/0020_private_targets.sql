-- transactional
-- Private addresses that the work of a tenant may reach. A node of before knows none, and opens none.
set local search_path = public, pg_temp;
alter table tenant add column private_targets text[] not null default '{}' check (cardinality(private_targets) <= 100);
-- Every node asks every other second which tenants have some: there may be thousands of tenants, and few that do.
create index tenant_private_targets on tenant (id) where private_targets <> '{}';
