import Type, { type Static } from 'typebox'
import { ROLES } from '@carillon/core'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { IdText, choice, strict } from './schema.ts'
import { Password } from './user.ts'

/**
 * People sign in by name and password and are known by a cookie from then on (`carillon_session`: of this host alone, and no script can read
 * it). Requests that carry it name their tenant in the header `carillon-tenant`; those that name none say `carillon-console: 1`.
 */
export const SESSION_COOKIE = 'carillon_session'

const TAG = 'Sessions'

const Membership = strict({
  tenant: strict({ code: Type.String(), name: Type.String(), state: choice(['ACTIVE', 'SUSPENDED']) }),
  role: choice(ROLES),
})

export const Session = strict({
  user: strict({
    id: Id,
    login: Type.String(),
    name: Type.String(),
    platformAdmin: Type.Boolean(),
    mustChangePassword: Type.Boolean({
      description: 'Someone else chose the password. Until it is changed everything else is refused',
    }),
  }),
  memberships: Type.Array(Membership, { description: 'By code of the tenant' }),
  permissions: Type.Unsafe<Record<string, string[]>>({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    description:
      'Code of a tenant → the permissions that routes ask for. `*`: in every other tenant, which only platform administrators have',
  }),
  expiresAt: { ...Millis, description: 'When it ends whatever happens' },
  idleMs: Type.Integer({ description: 'It ends earlier once nothing was asked for this long' }),
})
export type Session = Static<typeof Session>

export const SessionItem = strict({
  id: Id,
  current: Type.Boolean({ description: 'The one that asks' }),
  address: Type.String(),
  agent: Type.String({ description: 'What the browser said that it is' }),
  createdAt: Millis,
  seenAt: { ...Millis, description: 'To a few minutes' },
  expiresAt: Millis,
})
export type SessionItem = Static<typeof SessionItem>

const path = '/api/v1/session'

export const sessionRoutes = {
  create: route({
    method: 'POST',
    path,
    access: 'public',
    tag: TAG,
    summary: 'Sign in; the answer sets the cookie',
    body: strict({
      name: Type.String({ minLength: 1, maxLength: 200 }),
      password: Type.String({ minLength: 1, maxLength: 1024 }),
    }),
    responses: { 200: Session },
    audit: 'session.create',
  }),
  get: route({
    method: 'GET',
    path,
    access: 'session',
    tag: TAG,
    summary: 'Who is signed in, and what they may do where',
    responses: { 200: Session },
  }),
  changePassword: route({
    method: 'POST',
    path: '/api/v1/session/password',
    access: 'session',
    tag: TAG,
    summary: "Change one's own password; all other sessions end",
    body: strict({ current: Type.String({ minLength: 1, maxLength: 1024 }), next: Password }),
    responses: { 200: Session },
    audit: 'session.change-password',
  }),
  end: route({
    method: 'DELETE',
    path,
    access: 'session',
    tag: TAG,
    summary: 'Sign out',
    responses: { 204: Type.Null() },
    audit: 'session.end',
  }),
}

export const sessionListRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/sessions',
    access: 'session',
    tag: TAG,
    summary: "One's own sessions, newest first",
    query: strict(Paging),
    responses: { 200: pageOf(SessionItem) },
  }),
  end: route({
    method: 'DELETE',
    path: '/api/v1/sessions/:session',
    access: 'session',
    tag: TAG,
    summary: "End one of one's own sessions",
    params: strict({ session: IdText }),
    responses: { 204: Type.Null() },
    audit: 'session.end',
  }),
}
