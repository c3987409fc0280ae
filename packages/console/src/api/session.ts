import type { Permission, Role } from '@carillon/core'
import { request } from './request.ts'

export interface Session {
  readonly user: {
    readonly id: number
    readonly name: string
    readonly platformAdmin: boolean
    readonly mustChangePassword?: boolean
  }
  readonly memberships: readonly { readonly tenant: { readonly code: string; readonly name: string }; readonly role: Role }[]
  /** By tenant: what its routes ask for and the user has. */
  readonly permissions: Readonly<Record<string, readonly Permission[]>>
  readonly expiresAt: number
}

const path = '/api/v1/session'

async function ask(method: string, body?: unknown): Promise<Response> {
  return request({ method, path, tenant: null, ...(body === undefined ? {} : { body }) })
}

export const readSession = async (): Promise<Session> => (await ask('GET')).json() as Promise<Session>
export const signIn = async (name: string, password: string): Promise<Session> =>
  (await ask('POST', { name, password })).json() as Promise<Session>
export const signOut = async (): Promise<void> => void (await ask('DELETE'))

export async function changePassword(current: string, next: string): Promise<void> {
  await request({ method: 'POST', path: `${path}/password`, tenant: null, body: { current, next } })
}
