import Type, { type Static } from 'typebox'
import { Paging, Sort, pageOf } from './paging.ts'
import { revisionRoutes } from './revision.ts'
import { route } from './route.ts'
import { Code, Description, Name, Ref, Stamp, Version, nullable, optional, strict } from './schema.ts'

const TAG = 'Apps'

/** Exactly one of task, label and tenant; at least one of limit and reserve. */
export const Capacity = strict({
  ...optional({
    task: Type.String({ minLength: 1, maxLength: 63, description: 'Code of a task that uses the app' }),
    label: Type.String({
      pattern: '^[^=]{1,63}=.{0,120}$',
      maxLength: 184,
      description: 'Tasks that have this label, as `key=value`',
    }),
    tenant: Type.String({ minLength: 1, maxLength: 63, description: 'Code of a tenant; in apps that the platform shares' }),
    executor: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Name of one executor; `*`: each by itself; left out: all of the app together',
    }),
    limit: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'At most so many at once' }),
    reserve: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'So many places nothing else gets' }),
  }),
})

const fields = {
  name: Name,
  description: Description,
  shared: Type.Boolean({ description: 'Usable by every tenant; only for apps of the platform' }),
  paused: Type.Boolean({ description: 'Nothing of its queues is given out; what runs goes on' }),
  ratePerSecond: nullable(
    Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Starts a second; null: no limit' }),
  ),
  capacity: Type.Array(Capacity, {
    maxItems: 50,
    description: 'How the places of its executors are divided: limits and reservations, for a task, a label or a tenant',
  }),
}

export const App = strict({
  ...Stamp,
  ...fields,
  executors: strict({ total: Type.Integer(), available: Type.Integer({ description: 'Online, healthy and with a session' }) }),
})
export type AppView = Static<typeof App>
export const AppCreate = strict({ code: Code, ...optional(fields) })
export type AppCreate = Static<typeof AppCreate>
export const AppUpdate = strict({ version: Version, ...optional({ code: Code, ...fields }) })
export type AppUpdate = Static<typeof AppUpdate>

const params = strict({ app: Ref })
const path = '/api/v1/apps/:app'
const write = { access: 'app.write', tag: TAG } as const

export const appRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/apps',
    access: 'read',
    tag: TAG,
    summary: 'List apps',
    query: strict({ ...Paging, sort: Sort, ...optional({ q: Type.String({ maxLength: 200 }) }) }),
    responses: { 200: pageOf(App) },
  }),
  create: route({
    ...write,
    method: 'POST',
    path: '/api/v1/apps',
    summary: 'Create an app: a group of executors that serve the same handlers',
    body: AppCreate,
    responses: { 201: App },
    idempotent: true,
    audit: 'app.create',
  }),
  get: route({ method: 'GET', path, access: 'read', tag: TAG, summary: 'Read an app', params, responses: { 200: App } }),
  update: route({
    ...write,
    method: 'PATCH',
    path,
    summary: 'Change an app',
    params,
    body: AppUpdate,
    responses: { 200: App },
    audit: 'app.update',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path,
    summary: 'Delete an app that no task type uses and that has no executors',
    params,
    responses: { 204: Type.Null() },
    audit: 'app.delete',
  }),
  ...revisionRoutes({ path, param: 'app', tag: TAG, audit: 'app', view: App, access: 'app.write' }),
}
