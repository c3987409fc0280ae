import type { Session } from '@carillon/contract'
import { createApi } from './client.ts'

export type { Session } from '@carillon/contract'

/** Routes that act in no tenant: those of the session itself and of the platform. */
export const platformApi = createApi(null)

export const readSession = (): Promise<Session> => platformApi.session.get()
export const signIn = (name: string, password: string): Promise<Session> =>
  platformApi.session.create({ body: { name, password } })
export const signOut = (): Promise<unknown> => platformApi.session.end()
export const changePassword = (current: string, next: string): Promise<Session> =>
  platformApi.session.changePassword({ body: { current, next } })
