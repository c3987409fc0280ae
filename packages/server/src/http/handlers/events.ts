import type { eventRoutes } from '@carillon/contract'
import type { Handlers } from '../context.ts'

export const eventHandlers: Handlers<typeof eventRoutes> = {
  deliver: ({ body: { name, key, payload = null } }, { changePlatform, tenantId, services }) =>
    changePlatform(async ({ tx }) => {
      const nodes = await services.lifecycle.deliverEvent(tx, { tenantId, name, key, payload })
      return { answer: { nodes }, object: { kind: 'event', id: null }, before: null, after: { name, key, nodes } }
    }),
}
