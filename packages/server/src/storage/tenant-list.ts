import type { Tenant } from '@carillon/contract'
import { listing } from './listing.ts'

/** All tenants: for the platform, as the engine. */
export const listTenants = listing<Tenant>({
  name: 'tenant.list',
  text: `select t.id, t.code, t.name, t.state, t.weight, t.kinds, t.private_targets as "privateTargets", t.version, t.created_at as "createdAt", t.updated_at as "updatedAt"
         from tenant t where $1::bigint is not null`,
  filters: {
    q: `(position(lower(?::text) in lower(t.code)) > 0 or position(lower(?::text) in lower(t.name)) > 0)`,
    state: 't.state = ?::text',
  },
  orders: {
    code: { by: 't.code', type: 'text', field: 'code' },
    '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' },
  },
})
