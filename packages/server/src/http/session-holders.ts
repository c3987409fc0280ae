import type { Access } from '@carillon/contract'
import { CarillonError, type Role } from '@carillon/core'
import { PLATFORM_TENANT } from '../storage/app.ts'
import type { SessionHolder } from '../storage/user-session.ts'
import type { Principal } from './auth.ts'

type FindTenant = (code: string) => Promise<{ id: number; code: string }>

/**
 * Who a session makes its user in the tenant that the request names: whatever its membership says. A platform administrator is an owner in
 * every tenant, as the tokens of platform administrators are, so that somebody can help whose last owner has left; the audit trail
 * of the tenant says who it was. Naming no tenant, an administrator is in the platform's own.
 */
export async function principalOfSession(
  holder: SessionHolder,
  tenant: string | undefined,
  access: Access,
  findTenant: FindTenant,
): Promise<Principal> {
  if (access === 'session') return principalIn(holder, PLATFORM, 'viewer')
  if (holder.mustChangePassword) throw passwordFirst()
  if (tenant === undefined) return withoutTenant(holder, access)
  if (holder.platformAdmin) return principalIn(holder, await findTenant(tenant), 'owner')
  const membership = holder.memberships.find(({ code }) => code === tenant)
  if (!membership) throw notMember()
  if (membership.state === 'SUSPENDED') throw suspended()
  return principalIn(holder, { id: membership.tenantId, code: membership.code }, membership.role)
}

const PLATFORM = { id: PLATFORM_TENANT, code: 'platform' }

function withoutTenant(holder: SessionHolder, access: Access): Principal {
  if (holder.platformAdmin) return principalIn(holder, PLATFORM, 'owner')
  if (access === 'platform') return principalIn(holder, PLATFORM, 'viewer')
  throw new CarillonError('MALFORMED_REQUEST', 'Name the tenant in the header `carillon-tenant: <code>`.')
}

function principalIn(holder: SessionHolder, tenant: { id: number; code: string }, role: Role): Principal {
  return {
    name: `user:${holder.login}`,
    key: `user:${holder.userId}`,
    tenantId: tenant.id,
    tenantCode: tenant.code,
    tokenId: 0,
    role,
    appId: null,
    platformAdmin: holder.platformAdmin,
    session: holder,
  }
}

function notMember(): CarillonError {
  return new CarillonError('FORBIDDEN', 'You are not a member of the tenant that the header carillon-tenant names.')
}

function passwordFirst(): CarillonError {
  return new CarillonError('FORBIDDEN', 'Someone else chose your password. Choose one of your own first.', {
    extra: { mustChangePassword: true },
  })
}

export function suspended(): CarillonError {
  return new CarillonError('FORBIDDEN', 'This tenant is suspended. Its platform administrator can activate it again.')
}
