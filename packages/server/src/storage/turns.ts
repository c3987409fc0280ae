/**
 * The tenants that have something due in a table, as tables of a `with recursive`: `due_tenant (tenant_id, tenants)`, `tenants` being their
 * number and the one that has waited longest first. Whatever takes what is due takes the same `share` of each: by due time alone one tenant's
 * 100,000 would stand before another's one. They are found by skip scan, which needs an index over (tenant_id, due_at) under `where`: its cost
 * is the number of tenants, however much each has.
 *
 * @param limit the parameter that says how many rows to take in all, about
 */
export function dueTenants(table: string, where: string, limit: string): string {
  return `turn as (
     (select tenant_id, due_at from ${table} where ${where} order by tenant_id, due_at limit 1)
     union all
     select next.tenant_id, next.due_at from turn
     cross join lateral (
       select l.tenant_id, l.due_at from ${table} l where l.tenant_id > turn.tenant_id and ${where} order by l.tenant_id, l.due_at limit 1) next),
   due_tenant as (
     select tenant_id, count(*) over () as tenants from turn where due_at <= statement_timestamp() order by due_at limit ${limit})`
}

export const share = (limit: string): string => `greatest(1, (${limit} / due_tenant.tenants)::int)`
