import Type, { type Static } from 'typebox'
import { ROLES } from '@carillon/core'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { IdText, Name, BodyRef, choice, nullable, optional, strict } from './schema.ts'

const TAG = 'Tokens'
const Role = choice(ROLES)

export const Token = strict({
  id: Id,
  name: Type.String(),
  role: Role,
  app: nullable(strict({ id: Id, code: Type.String() })),
  platformAdmin: Type.Boolean(),
  createdBy: Type.String(),
  createdAt: Millis,
  expiresAt: nullable(Millis),
  revokedAt: nullable(Millis),
})
export type Token = Static<typeof Token>

const params = strict({ token: IdText })

export const tokenRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/tokens',
    access: 'token.manage',
    tag: TAG,
    summary: 'List tokens, newest first; their secrets are not kept',
    query: strict({ ...Paging, ...optional({ role: Role, revoked: Type.Boolean() }) }),
    responses: { 200: pageOf(Token) },
  }),
  create: route({
    method: 'POST',
    path: '/api/v1/tokens',
    access: 'token.manage',
    tag: TAG,
    summary: 'Create a token; its secret is shown this once',
    body: strict({
      name: Name,
      role: Role,
      app: Type.Optional(BodyRef),
      expiresAt: Type.Optional(Millis),
    }),
    responses: { 201: strict({ ...Token.properties, secret: Type.String() }) },
    audit: 'token.create',
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/tokens/:token',
    access: 'token.manage',
    tag: TAG,
    summary: 'Read a token',
    params,
    responses: { 200: Token },
  }),
  revoke: route({
    method: 'POST',
    path: '/api/v1/tokens/:token/revoke',
    access: 'token.manage',
    tag: TAG,
    summary: 'Revoke a token; within a second no node accepts it',
    params,
    responses: { 200: Token },
    audit: 'token.revoke',
  }),
}
