import { DEFAULT_LIMIT, type secretRoutes } from '@carillon/contract'
import { createSecret, removeSecret, rotate, updateSecret } from '../../definition/secret.ts'
import { noSuch } from '../../definition/versioned-object.ts'
import { findSecret, listSecrets } from '../../storage/secret.ts'
import type { Handlers } from '../context.ts'

export const secretHandlers: Handlers<typeof secretRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read((tx) => listSecrets(tx, tenantId, { order: 'name', limit, cursor, filters })),
  create: ({ body }, { change, services }) => change((edit) => createSecret(edit, services.vault, body)),
  get: async ({ params }, { read, tenantId }) => {
    const secret = await read((tx) => findSecret(tx, tenantId, params.secret))
    if (!secret) throw noSuch('secret')
    return secret
  },
  update: ({ params, body }, { change }) => change((edit) => updateSecret(edit, params.secret, body)),
  rotate: ({ params, body }, { change, services }) => change((edit) => rotate(edit, services.vault, params.secret, body.value)),
  remove: ({ params }, { change }) => change((edit) => removeSecret(edit, params.secret)),
}
