import { DEFAULT_LIMIT, type memberRoutes, type userRoutes } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { hashPassword, newPassword } from '../../definition/password.ts'
import {
  changeMember,
  createUser,
  endMembership,
  memberOf,
  removeUser,
  resetPassword,
  updateUser,
} from '../../definition/user.ts'
import { listMembers } from '../../storage/membership.ts'
import { findUser, listUsers } from '../../storage/user-account.ts'
import type { Handlers } from '../context.ts'

export const userHandlers: Handlers<typeof userRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { survey, tenantId }) =>
    survey((tx) => listUsers(tx, tenantId, { order: 'login', limit, cursor, filters })),
  create: async ({ body }, context) => {
    const hash = await hashOf(body.password)
    return context.changePlatform((edit) => createUser(edit, body, hash))
  },
  get: async ({ params }, { survey }) => {
    const user = await survey((tx) => findUser(tx, params.user))
    if (!user) throw new CarillonError('NOT_FOUND', 'There is no such user.')
    return user
  },
  update: async ({ params, body }, context) => {
    const { password, ...rest } = body
    const hash = await hashOf(password)
    const user = await context.changePlatform((edit) => updateUser(edit, params.user, rest, hash))
    context.services.forgetPrincipals()
    return user
  },
  resetPassword: async ({ params }, context) => {
    const password = newPassword()
    const hash = await hashPassword(password)
    const user = await context.changePlatform((edit) => resetPassword(edit, params.user, hash))
    context.services.forgetPrincipals()
    return { user, password }
  },
  remove: async ({ params }, context) => {
    await context.changePlatform((edit) => removeUser(edit, params.user))
    context.services.forgetPrincipals()
    return undefined
  },
}

export const memberHandlers: Handlers<typeof memberRoutes> = {
  // Users belong to the platform, so the tenant's own role does not see them; the statement asks for this tenant's alone.
  list: async ({ query: { limit = DEFAULT_LIMIT, cursor } }, { survey, tenantId }) => {
    const page = await survey((tx) => listMembers(tx, tenantId, { order: 'login', limit, cursor, filters: {} }))
    return { items: page.items.map(memberOf), nextCursor: page.nextCursor }
  },
  set: async ({ params, body }, context) => {
    const member = await context.changePlatform((edit) => changeMember(edit, context.principal, params.login, body.role))
    context.services.forgetPrincipals()
    return member
  },
  remove: async ({ params }, context) => {
    await context.changePlatform((edit) => endMembership(edit, context.principal, params.login))
    context.services.forgetPrincipals()
    return undefined
  },
}

async function hashOf(password: string | undefined): Promise<string | null> {
  return password === undefined ? null : hashPassword(password)
}
