import Type, { type Static } from 'typebox'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, Sort, pageOf } from './paging.ts'
import { route } from './route.ts'
import { Name, Version, choice, optional, strict } from './schema.ts'

const TAG = 'Tenants'

const TenantCode = Type.String({
  pattern: '^(?![0-9]+$)[a-z0-9][a-z0-9_-]{0,62}$',
  description: 'Lower case letters, digits, "_" and "-"; not digits alone',
})
const TenantRef = Type.String({ pattern: '^([0-9]{1,16}|[a-z0-9][a-z0-9_-]{0,62})$', description: 'Identifier or code' })
const State = choice(
  ['ACTIVE', 'SUSPENDED'],
  'SUSPENDED: its tokens are refused, its schedules fire nothing, nothing of it is given out',
)
const Kinds = Type.Union(
  [Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { maxItems: 50, uniqueItems: true }), Type.Null()],
  {
    description: 'Kinds of work that task types may be written for; null: every kind. Types that exist already go on',
  },
)
const PrivateTargets = Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
  maxItems: 100,
  uniqueItems: true,
  description:
    'Private addresses that may be called for it, beside public ones: ranges as 10.20.0.0/16, addresses, names of hosts. They count where the server opens neither all nor none',
})
const Weight = Type.Integer({ minimum: 1, maximum: 100, description: 'Share of its turns beside other tenants' })

export const Tenant = strict({
  id: Id,
  code: Type.String(),
  name: Type.String(),
  state: State,
  weight: Weight,
  kinds: Kinds,
  privateTargets: PrivateTargets,
  version: Type.Integer(),
  createdAt: Millis,
  updatedAt: Millis,
})
export type Tenant = Static<typeof Tenant>

const params = strict({ tenant: TenantRef })
const path = '/api/v1/tenants/:tenant'
const platform = { access: 'platform', tag: TAG } as const

export const tenantRoutes = {
  list: route({
    ...platform,
    method: 'GET',
    path: '/api/v1/tenants',
    summary: 'List tenants',
    query: strict({ ...Paging, sort: Sort, ...optional({ q: Type.String({ maxLength: 200 }), state: State }) }),
    responses: { 200: pageOf(Tenant) },
  }),
  create: route({
    ...platform,
    method: 'POST',
    path: '/api/v1/tenants',
    summary: 'Create a tenant',
    body: strict({ code: TenantCode, ...optional({ name: Name, weight: Weight }) }),
    responses: { 201: Tenant },
    idempotent: true,
    audit: 'tenant.create',
  }),
  get: route({ ...platform, method: 'GET', path, summary: 'Read a tenant', params, responses: { 200: Tenant } }),
  update: route({
    ...platform,
    method: 'PATCH',
    path,
    summary: 'Change a tenant; suspend or activate it',
    params,
    body: strict({
      version: Version,
      ...optional({ name: Name, weight: Weight, state: State, kinds: Kinds, privateTargets: PrivateTargets }),
    }),
    responses: { 200: Tenant },
    audit: 'tenant.update',
  }),
}
