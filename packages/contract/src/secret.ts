import { ROLES } from '@carillon/core'
import Type, { type Static } from 'typebox'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { Code, Description, Ref, Version, choice, optional, strict } from './schema.ts'

const TAG = 'Secrets'

const Codes = (description: string) => Type.Array(Code, { maxItems: 200, uniqueItems: true, description })
/** What is left out is not limited. An empty list lets nobody. */
export const UsableBy = strict(
  optional({
    apps: Codes('Apps whose executors may be given it'),
    tasks: Codes('Tasks whose runs may use it; where this or `dags` is set, nothing else may'),
    dags: Codes('DAGs whose runs may use it'),
    roles: Type.Array(choice(ROLES.filter((role) => role !== 'executor')), {
      maxItems: 5,
      uniqueItems: true,
      description: 'Who may write definitions that refer to it',
    }),
  }),
)
export type UsableBy = Static<typeof UsableBy>

const Value = Type.String({ minLength: 1, maxLength: 65_536, description: 'Never answered again' })

export const Secret = strict({
  id: Id,
  name: Type.String(),
  description: Type.String(),
  usableBy: UsableBy,
  valueVersion: Type.Integer({ description: 'Rises with each rotation' }),
  version: Type.Integer(),
  createdBy: Type.String(),
  createdAt: Millis,
  updatedAt: Millis,
  rotatedAt: Millis,
})
export type SecretView = Static<typeof Secret>

const params = strict({ secret: Ref })
const path = '/api/v1/secrets/:secret'
const manage = { access: 'secret.manage', tag: TAG } as const

export const secretRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/secrets',
    access: 'definition.write',
    tag: TAG,
    summary: 'List secrets by name, without their values',
    query: strict({ ...Paging, ...optional({ q: Type.String({ maxLength: 200 }) }) }),
    responses: { 200: pageOf(Secret) },
  }),
  create: route({
    ...manage,
    method: 'POST',
    path: '/api/v1/secrets',
    summary: 'Store a secret; definitions refer to it as ${{ secrets.name }}',
    body: strict({ name: Code, value: Value, ...optional({ description: Description, usableBy: UsableBy }) }),
    responses: { 201: Secret },
    audit: 'secret.create',
  }),
  get: route({
    method: 'GET',
    path,
    access: 'definition.write',
    tag: TAG,
    summary: 'Read what is known of a secret, without its value',
    params,
    responses: { 200: Secret },
  }),
  update: route({
    ...manage,
    method: 'PATCH',
    path,
    summary: 'Change the description of a secret, or who may use it',
    params,
    body: strict({ version: Version, ...optional({ description: Description, usableBy: UsableBy }) }),
    responses: { 200: Secret },
    audit: 'secret.update',
  }),
  rotate: route({
    ...manage,
    method: 'POST',
    path: `${path}/rotate`,
    summary: 'Give a secret another value; attempts that start within seconds get it',
    params,
    body: strict({ value: Value }),
    responses: { 200: Secret },
    audit: 'secret.rotate',
  }),
  remove: route({
    ...manage,
    method: 'DELETE',
    path,
    summary: 'Delete a secret; what still refers to it fails and says so',
    params,
    responses: { 204: Type.Null() },
    audit: 'secret.delete',
  }),
}
