import { DEFAULT_LIMIT, type tenantRoutes } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { createTenant, updateTenant } from '../../definition/tenant.ts'
import { findTenant } from '../../storage/tenant.ts'
import { listTenants } from '../../storage/tenant-list.ts'
import type { Handlers } from '../context.ts'

export const tenantHandlers: Handlers<typeof tenantRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, sort = 'code', ...filters } }, { survey, tenantId }) =>
    survey((tx) => listTenants(tx, tenantId, { order: sort, limit, cursor, filters })),
  create: ({ body }, context) => context.changePlatform((edit) => createTenant(edit, body)),
  get: async ({ params }, { survey }) => {
    const tenant = await survey((tx) => findTenant(tx, params.tenant))
    if (!tenant) throw new CarillonError('NOT_FOUND', 'There is no such tenant.')
    return tenant
  },
  update: async ({ params, body }, context) => {
    const tenant = await context.changePlatform((edit) => updateTenant(edit, params.tenant, body))
    context.services.forgetPrincipals()
    return tenant
  },
}
