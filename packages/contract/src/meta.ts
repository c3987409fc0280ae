import Type from 'typebox'
import { ROLES } from '@carillon/core'
import { Id } from './executor-protocol.ts'
import { route } from './route.ts'
import { JsonObject, choice, nullable, strict } from './schema.ts'

/** The API about itself. */
export const metaRoutes = {
  whoami: route({
    method: 'GET',
    path: '/api/v1/whoami',
    access: 'authenticated',
    tag: 'API',
    summary: 'Who the token is, and what it may do',
    responses: {
      200: strict({
        principal: Type.String(),
        tenant: strict({ id: Id, code: Type.String() }),
        role: choice(ROLES),
        permissions: Type.Array(Type.String()),
        platformAdmin: Type.Boolean(),
        appId: nullable(Id),
      }),
    },
  }),
  openapi: route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    access: 'authenticated',
    tag: 'API',
    summary: 'This API as OpenAPI 3.1',
    responses: { 200: JsonObject },
  }),
  health: route({
    method: 'GET',
    path: '/health',
    access: 'public',
    tag: 'API',
    summary: 'The process lives',
    responses: { 200: strict({ status: Type.Literal('ok') }) },
  }),
  ready: route({
    method: 'GET',
    path: '/ready',
    access: 'public',
    tag: 'API',
    summary: 'The node can serve: the database answers and its schema fits; 503 otherwise',
    responses: { 200: strict({ status: Type.Literal('ok') }) },
  }),
}
