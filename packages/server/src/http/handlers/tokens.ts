import { DEFAULT_LIMIT, type tokenRoutes } from '@carillon/contract'
import { createToken, revoke } from '../../definition/token.ts'
import { noSuch } from '../../definition/versioned-object.ts'
import { findToken, listTokens } from '../../storage/api-token.ts'
import type { Handlers } from '../context.ts'

export const tokenHandlers: Handlers<typeof tokenRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read((tx) => listTokens(tx, tenantId, { order: '-id', limit, cursor, filters })),
  create: ({ body }, context) => context.change((edit) => createToken(edit, context.principal, body)),
  get: async ({ params }, { read, tenantId }) => {
    const token = await read((tx) => findToken(tx, tenantId, params.token))
    if (!token) throw noSuch('token')
    return token
  },
  revoke: async ({ params }, context) => {
    const token = await context.change((edit) => revoke(edit, context.principal, params.token))
    context.services.forgetPrincipals()
    return token
  },
}
