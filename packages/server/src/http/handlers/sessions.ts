import { DEFAULT_LIMIT, type Session, type sessionListRoutes, type sessionRoutes } from '@carillon/contract'
import { CarillonError, PERMISSIONS_OF } from '@carillon/core'
import { hashPassword } from '../../definition/password.ts'
import { changeOwnPassword, endOwnSession, openSession } from '../../definition/session.ts'
import { hashToken, newSecret } from '../../definition/token.ts'
import { PLATFORM_TENANT } from '../../storage/app.ts'
import { insertAudit } from '../../storage/audit.ts'
import { findSessionHolder, listSessions, type SessionHolder, type SessionLifetime } from '../../storage/user-session.ts'
import type { Context, Handlers } from '../context.ts'
import { noSessionCookie, sessionCookie, sessionSecretOf } from '../session-cookie.ts'

export const sessionHandlers: Handlers<typeof sessionRoutes> = {
  create: async ({ body: { name, password } }, context) => {
    context.assertOwnOrigin()
    const { services, address, secure } = context
    const user = await services.signIn.check({ name, password, address })
    if (!user) throw await refused(context, name)
    const secret = newSecret()
    const input = { userId: user.id, passwordHash: user.passwordHash, hash: hashToken(secret), address, agent: agentOf(context) }
    const holder = await services.db.engine(async (tx) => {
      const id = await openSession(tx, input, services.sessions)
      if (id === undefined) return undefined
      await insertAudit(tx, { ...context.audited({ kind: 'session', id }, null, { user: user.id }), ...by(user.login) })
      return findSessionHolder(tx, input.hash, services.sessions)
    })
    if (!holder) throw await refused(context, name)
    context.answerWith('set-cookie', sessionCookie(secret, services.sessions.longestMs, secure))
    return sessionOf(holder, services.sessions)
  },
  get: async (_, context) => sessionOf(await readOwn(context), context.services.sessions),
  changePassword: async ({ body: { current, next } }, context) => {
    const { services, address } = context
    const { userId, login, sessionId } = ownSession(context)
    const user = await services.signIn.check({ name: login, password: current, address })
    if (!user)
      throw new CarillonError('VALIDATION_FAILED', 'The present password is wrong.', {
        problems: [{ path: '/body/current', message: 'is not your present password' }],
      })
    if (current === next)
      throw new CarillonError('VALIDATION_FAILED', 'The new password is the present one.', {
        problems: [{ path: '/body/next', message: 'must be another password than the present one' }],
      })
    const hash = await hashPassword(next)
    await context.changePlatform((edit) => changeOwnPassword(edit, { userId, sessionId, checked: user.passwordHash, hash }))
    services.forgetPrincipals()
    return sessionOf(await readOwn(context), services.sessions)
  },
  end: async (_, context) => {
    const { userId, sessionId } = ownSession(context)
    await context.changePlatform((edit) => endOwnSession(edit, userId, sessionId))
    context.services.forgetPrincipals()
    context.answerWith('set-cookie', noSessionCookie(context.secure))
    return undefined
  },
}

export const sessionListHandlers: Handlers<typeof sessionListRoutes> = {
  list: async ({ query: { limit = DEFAULT_LIMIT, cursor } }, context) => {
    const { userId, sessionId } = ownSession(context)
    const { idleMs } = context.services.sessions
    const request = { order: '-id', limit, cursor, filters: { idleMs } }
    const page = await context.services.db.aside((tx) => listSessions(tx, userId, request))
    return { items: page.items.map((item) => ({ ...item, current: item.id === sessionId })), nextCursor: page.nextCursor }
  },
  end: async ({ params }, context) => {
    await context.changePlatform((edit) => endOwnSession(edit, ownSession(context).userId, params.session))
    context.services.forgetPrincipals()
    return undefined
  },
}

/** Signing in is the platform's affair, as users are. */
const by = (login: string) => ({ principal: `user:${login}`, tenantId: PLATFORM_TENANT })

/**
 * Of a name that nobody has nothing is kept: people type their password into the wrong field. (Tries are limited, so this cannot
 * fill the trail.)
 */
async function refused(context: Context, name: string): Promise<CarillonError> {
  const user = await context.services.signIn.known(name)
  const entry = context.audited({ kind: 'session', id: null }, null, { user: user?.id ?? null })
  const whose = { tenantId: PLATFORM_TENANT, principal: user === undefined ? 'anonymous' : `user:${user.login}` }
  await context.services.db.aside((tx) => insertAudit(tx, { ...entry, ...whose, operation: 'session.refuse' }))
  return new CarillonError('UNAUTHENTICATED', 'The name or the password is wrong.')
}

function ownSession({ principal: { session } }: Context): SessionHolder {
  if (session === null) throw new Error('A route of sessions was called without one.')
  return session
}

async function readOwn(context: Context): Promise<SessionHolder> {
  const secret = sessionSecretOf(context.header('cookie')) ?? ''
  const { db, sessions } = context.services
  const holder = await db.aside((tx) => findSessionHolder(tx, hashToken(secret), sessions))
  if (!holder) throw new CarillonError('UNAUTHENTICATED', 'You are no longer signed in. Sign in again.')
  return holder
}

/** Without control characters and not endless: it is shown. */
function agentOf(context: Context): string {
  return (context.header('user-agent') ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 300)
}

function sessionOf(holder: SessionHolder, { idleMs }: SessionLifetime): Session {
  const { userId: id, login, name, platformAdmin, mustChangePassword, memberships, expiresAt } = holder
  const everywhere = [...PERMISSIONS_OF.owner, 'platform']
  const permissions = memberships.map(({ code, role }) => [code, platformAdmin ? everywhere : [...PERMISSIONS_OF[role]]])
  return {
    user: { id, login, name, platformAdmin, mustChangePassword },
    memberships: memberships.map(({ code, name: tenantName, state, role }) => ({
      tenant: { code, name: tenantName, state },
      role,
    })),
    permissions: Object.fromEntries([...permissions, ...(platformAdmin ? [['*', everywhere]] : [])]) as Record<string, string[]>,
    expiresAt,
    idleMs,
  }
}
