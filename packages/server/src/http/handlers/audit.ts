import { DEFAULT_LIMIT, type auditRoutes } from '@carillon/contract'
import { listAudit } from '../../storage/audit.ts'
import type { Handlers } from '../context.ts'

export const auditHandlers: Handlers<typeof auditRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read((tx) => listAudit(tx, tenantId, { order: '-id', limit, cursor, filters })),
}
