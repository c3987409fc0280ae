import Type, { type Static } from 'typebox'
import { ROLES } from '@carillon/core'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { Name, Version, choice, optional, strict } from './schema.ts'

/** Users belong to the platform; through memberships they have a role in tenants. */
const Login = Type.String({ pattern: '^[^\\s]{1,200}$', description: 'Without spaces' })
export const Password = Type.String({ minLength: 12, maxLength: 1024, description: 'At least 12 characters' })

export const User = strict({
  id: Id,
  login: Type.String(),
  name: Type.String(),
  platformAdmin: Type.Boolean(),
  disabled: Type.Boolean(),
  hasPassword: Type.Boolean(),
  mustChangePassword: Type.Boolean({ description: 'Someone else chose it' }),
  version: Type.Integer(),
  createdAt: Millis,
  updatedAt: Millis,
})
export type User = Static<typeof User>

const MustChange = Type.Boolean({ description: 'The user has to choose another password before anything else; false by default' })

const params = strict({ user: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) })
const path = '/api/v1/users/:user'
const platform = { access: 'platform', tag: 'Users' } as const

export const userRoutes = {
  list: route({
    ...platform,
    method: 'GET',
    path: '/api/v1/users',
    summary: 'List users by login',
    query: strict({ ...Paging, ...optional({ q: Type.String({ maxLength: 200 }) }) }),
    responses: { 200: pageOf(User) },
  }),
  create: route({
    ...platform,
    method: 'POST',
    path: '/api/v1/users',
    summary: 'Create a user',
    body: strict({
      login: Login,
      ...optional({ name: Name, password: Password, mustChangePassword: MustChange, platformAdmin: Type.Boolean() }),
    }),
    responses: { 201: User },
    idempotent: true,
    audit: 'user.create',
  }),
  get: route({ ...platform, method: 'GET', path, summary: 'Read a user', params, responses: { 200: User } }),
  update: route({
    ...platform,
    method: 'PATCH',
    path,
    summary: 'Change a user; a new password, or being disabled, ends its sessions',
    params,
    body: strict({
      version: Version,
      ...optional({
        name: Name,
        password: Password,
        mustChangePassword: MustChange,
        platformAdmin: Type.Boolean(),
        disabled: Type.Boolean(),
      }),
    }),
    responses: { 200: User },
    audit: 'user.update',
  }),
  resetPassword: route({
    ...platform,
    method: 'POST',
    path: '/api/v1/users/:user/password',
    summary: 'Give a user a new password, which is shown this once and has to be changed at the first sign-in; its sessions end',
    params,
    responses: { 200: strict({ user: User, password: Type.String() }) },
    audit: 'user.reset-password',
  }),
  remove: route({
    ...platform,
    method: 'DELETE',
    path,
    summary: 'Delete a user with its memberships and sessions',
    params,
    responses: { 204: Type.Null() },
    audit: 'user.delete',
  }),
}

const MemberRole = choice(
  ROLES.filter((role) => role !== 'executor') as readonly ('owner' | 'admin' | 'developer' | 'operator' | 'viewer')[],
)

export const Member = strict({
  user: strict({ id: Id, login: Type.String(), name: Type.String() }),
  role: MemberRole,
  createdAt: Millis,
})
export type Member = Static<typeof Member>

const member = strict({ login: Login })

export const memberRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/members',
    access: 'member.manage',
    tag: 'Members',
    summary: 'List the members of the tenant by login',
    query: strict(Paging),
    responses: { 200: pageOf(Member) },
  }),
  set: route({
    method: 'PUT',
    path: '/api/v1/members/:login',
    access: 'member.manage',
    tag: 'Members',
    summary: 'Give a member another role; platform administrators also add members',
    params: member,
    body: strict({ role: MemberRole }),
    responses: { 200: Member },
    audit: 'member.set',
  }),
  remove: route({
    method: 'DELETE',
    path: '/api/v1/members/:login',
    access: 'member.manage',
    tag: 'Members',
    summary: 'End a membership',
    params: member,
    responses: { 204: Type.Null() },
    audit: 'member.remove',
  }),
}
