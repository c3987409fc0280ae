import type { Client } from '@carillon/contract'
import type { Permission, Role } from '@carillon/core'
import { useQuery } from '@tanstack/react-query'
import { createContext, use, useMemo, type ReactNode } from 'react'
import { createApi } from '../api/client.ts'
import { readSession, type Session } from '../api/session.ts'

export const SESSION_KEY = ['session'] as const

/** The session of this browser; an error of status 401 says that there is none. */
export function useSessionQuery() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: 60_000, refetchInterval: 5 * 60_000 })
}

const SessionContext = createContext<Session | null>(null)

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <SessionContext value={session}>{children}</SessionContext>
}

/** Who is signed in. Inside of the signed-in part of the console only. */
export function useSession(): Session {
  const session = use(SessionContext)
  if (session === null) throw new Error('useSession outside of SessionProvider')
  return session
}

export interface Tenant {
  readonly code: string
  readonly name: string
  /** null: a platform administrator who is no member. */
  readonly role: Role | null
  /** The routes' own words: hide what the user may not do. The server decides all the same. */
  readonly can: (permission: Permission) => boolean
  /** Every call acts in this tenant. */
  readonly api: Client
}

const TenantContext = createContext<Tenant | null>(null)

export function TenantProvider({ code, children }: { code: string; children: ReactNode }) {
  const session = useSession()
  const tenant = useMemo(() => tenantOf(session, code), [session, code])
  return <TenantContext value={tenant}>{children}</TenantContext>
}

/** What the user may do in a tenant; nothing: it is none of theirs. */
export function permissionsIn({ permissions }: Session, code: string): readonly string[] {
  return permissions[code] ?? permissions['*'] ?? []
}

function tenantOf(session: Session, code: string): Tenant {
  const membership = session.memberships.find(({ tenant }) => tenant.code === code)
  const permissions = permissionsIn(session, code)
  return {
    code,
    name: membership?.tenant.name ?? code,
    role: membership?.role ?? null,
    can: (permission) => permissions.includes(permission),
    api: createApi(code),
  }
}

/** The tenant in the address. On its pages only. */
export function useTenant(): Tenant {
  const tenant = use(TenantContext)
  if (tenant === null) throw new Error('useTenant outside of a tenant')
  return tenant
}
