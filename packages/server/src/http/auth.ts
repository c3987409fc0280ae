import type { Access } from '@carillon/contract'
import { CarillonError, permits, type Permission, type Role } from '@carillon/core'
import { hashToken } from '../definition/token.ts'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { createMemo } from '../runtime/memo.ts'
import { findTokenHolder, type TokenHolder } from '../storage/api-token.ts'
import type { Database } from '../storage/database.ts'
import { findTenantByCode } from '../storage/tenant.ts'
import { findSessionHolder, renewSession, type SessionHolder, type SessionLifetime } from '../storage/user-session.ts'
import { sessionSecretOf } from './session-cookie.ts'
import { principalOfSession, suspended } from './session-holders.ts'

/**
 * Who acts: authenticated, and in which tenant. The tenant comes from the token alone, and only platform administrators may name one; people who
 * signed in name the one they mean.
 */
export interface Principal {
  /** As it stands in the audit trail: `token:<name>`, `user:<login>`. */
  readonly name: string
  /** Identity for idempotency keys: names can be given twice. */
  readonly key: string
  readonly tenantId: number
  readonly tenantCode: string
  readonly tokenId: number
  readonly role: Role
  readonly appId: number | null
  readonly platformAdmin: boolean
  /** Of somebody who signed in; null: a token. */
  readonly session: SessionHolder | null
}

/** Who calls a public route. */
export const ANONYMOUS: Principal = {
  name: 'anonymous',
  key: 'anonymous',
  tenantId: 0,
  tenantCode: '',
  tokenId: 0,
  role: 'viewer',
  appId: null,
  platformAdmin: false,
  session: null,
}

export interface Credentials {
  readonly authorization: string | undefined
  /** The header `cookie`; it counts only where there is no `authorization`. */
  readonly cookie?: string | undefined
  /** Code of a tenant, from the header `carillon-tenant`. */
  readonly tenant: string | undefined
}

export interface Authenticator {
  authenticate(credentials: Credentials, access: Access): Promise<Principal>
  /** What was looked up is forgotten at once on this node (others: within a second). */
  forget(): void
}

const TOKEN = /^Bearer (carillon_[A-Za-z0-9_-]{43})$/i
const TENANT_CODE = /^[a-z0-9][a-z0-9_-]{0,62}$/
/** Tests, and gateways that know no sessions. */
const DEFAULT_SESSION_LIFETIME: SessionLifetime = { idleMs: 43_200_000, longestMs: 604_800_000 }
const MOST_REMEMBERED = 10_000
const TRUSTED = { trustedMs: 1_000, most: MOST_REMEMBERED }

/** A revoked token is dead on every node within a second: that long, and no longer, is what was looked up believed. */
export function createAuthenticator(db: Database, lifetime: SessionLifetime = DEFAULT_SESSION_LIFETIME): Authenticator {
  const met = createBoundedMap<string, true>(MOST_REMEMBERED)
  // Executors' heartbeats must get through whatever the consoles do, and both whoever tries tokens that do not exist: those that were good
  // before are looked up over the reserved connections, all others apart from everything.
  const connectionsFor = (hash: string, access: Access) => {
    if (!met.get(hash)) return db.aside
    return access === 'executor' ? db.lease : db.engine
  }
  const holders = createMemo(TRUSTED, async (hash: string, access: Access) => {
    const holder = await connectionsFor(hash, access)((tx) => findTokenHolder(tx, Buffer.from(hash, 'base64')))
    if (holder) met.set(hash, true)
    else met.delete(hash)
    return holder
  })
  const tenants = createMemo(TRUSTED, (code: string) => db.engine((tx) => findTenantByCode(tx, code)))
  const sessions = createMemo(TRUSTED, async (hash: string) => {
    const holder = await db.aside((tx) => findSessionHolder(tx, Buffer.from(hash, 'base64'), lifetime))
    // Nobody waits for it: if it fails, the next look-up tries again.
    if (holder?.stale) db.aside((tx) => renewSession(tx, holder.sessionId, lifetime)).catch(() => undefined)
    return holder
  })
  return {
    async authenticate({ authorization, cookie, tenant }, access) {
      const session = authorization === undefined ? sessionSecretOf(cookie) : undefined
      if (session !== undefined) {
        const holder = await sessions.get(hashToken(session).toString('base64'))
        if (!holder) throw signedOut()
        const principal = await principalOfSession(holder, tenant, access, (code) => tenantNamed(code, tenants))
        authorise(principal, access)
        return principal
      }
      const token = TOKEN.exec(authorization ?? '')?.[1]
      const holder = token === undefined ? undefined : await holders.get(hashToken(token).toString('base64'), access)
      if (!holder) throw unauthenticated()
      const chosen = tenant === undefined ? undefined : await chooseTenant(holder, tenant, tenants)
      const principal = principalOf(holder, chosen)
      authorise(principal, access)
      // What an executor of a suspended tenant still runs may be reported; new work is withheld by the claim.
      if (holder.tenantState === 'SUSPENDED' && access !== 'executor' && !holder.platformAdmin) throw suspended()
      return principal
    },
    forget() {
      holders.clear()
      sessions.clear()
      tenants.clear()
    },
  }
}

type Tenants = { get(code: string): Promise<{ id: number; code: string } | undefined> }

async function chooseTenant(holder: TokenHolder, code: string, tenants: Tenants): Promise<{ id: number; code: string }> {
  if (code === holder.tenantCode) return { id: holder.tenantId, code }
  if (!holder.platformAdmin)
    throw new CarillonError('FORBIDDEN', 'Only platform administrators may name a tenant; leave the header carillon-tenant out.')
  return tenantNamed(code, tenants)
}

async function tenantNamed(code: string, tenants: Tenants): Promise<{ id: number; code: string }> {
  const tenant = TENANT_CODE.test(code) ? await tenants.get(code) : undefined
  if (!tenant) throw new CarillonError('NOT_FOUND', 'There is no tenant with the code that the header carillon-tenant names.')
  return tenant
}

function principalOf(holder: TokenHolder, chosen: { id: number; code: string } | undefined): Principal {
  return {
    name: `token:${holder.name}`,
    key: `token:${holder.tokenId}`,
    tenantId: chosen?.id ?? holder.tenantId,
    tenantCode: chosen?.code ?? holder.tenantCode,
    tokenId: holder.tokenId,
    role: holder.role,
    appId: holder.appId,
    platformAdmin: holder.platformAdmin,
    session: null,
  }
}

function authorise(principal: Principal, access: Access): void {
  if (access === 'public' || access === 'authenticated') return
  if (access === 'session') {
    if (principal.session !== null) return
    throw new CarillonError(
      'FORBIDDEN',
      'This is for people who signed in. A token has no session; /api/v1/whoami tells who it is.',
    )
  }
  requirePermission(principal, access)
}

export function requirePermission(principal: Principal, permission: Permission): void {
  if (permits(principal.role, principal.platformAdmin, permission)) return
  throw new CarillonError('FORBIDDEN', `The role ${principal.role} does not include the permission ${permission}.`)
}

function unauthenticated(): CarillonError {
  return new CarillonError('UNAUTHENTICATED', 'Send a valid token: `authorization: Bearer carillon_…`.')
}

function signedOut(): CarillonError {
  return new CarillonError('UNAUTHENTICATED', 'You are no longer signed in. Sign in again.')
}
