import { openApiDocument, type metaRoutes } from '@carillon/contract'
import { CarillonError, PERMISSIONS_OF } from '@carillon/core'
import type { Handlers } from '../context.ts'

/** Made once, when somebody asks. */
let document: ReturnType<typeof openApiDocument> | undefined

export const metaHandlers: Handlers<typeof metaRoutes> = {
  whoami: async (_, { principal: { name, tenantId, tenantCode, role, platformAdmin, appId } }) => ({
    principal: name,
    tenant: { id: tenantId, code: tenantCode },
    role,
    permissions: [...PERMISSIONS_OF[role], ...(platformAdmin ? ['platform'] : [])],
    platformAdmin,
    appId,
  }),
  openapi: async () => (document ??= openApiDocument()),
  health: async () => ({ status: 'ok' }),
  ready: async (_, { services }) => {
    const problem = await services.readiness()
    if (problem !== null) throw new CarillonError('UNAVAILABLE', problem)
    return { status: 'ok' }
  },
}
