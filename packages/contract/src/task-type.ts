import Type, { type Static } from 'typebox'
import { Id } from './executor-protocol.ts'
import { Paging, Sort, pageOf } from './paging.ts'
import { Policies, PoliciesPatch } from './policy.ts'
import { revisionRoutes } from './revision.ts'
import { route } from './route.ts'
import {
  BodyRef,
  Code,
  Description,
  JsonObject,
  LabelFilter,
  Labels,
  Name,
  Ref,
  Stamp,
  Version,
  choice,
  nullable,
  optional,
  strict,
} from './schema.ts'

const TAG = 'Task types'

const Kind = Type.String({
  minLength: 1,
  maxLength: 40,
  description: 'What executes it: `handler` (an executor of the app), `http`, `log`, `delay` (the built-in executor)',
})
const Settings = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'Of the kind: the name of the handler, the HTTP request, …',
})
const ParamsSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'JSON Schema 2020-12 of the parameters of its tasks',
})

const fields = {
  name: Name,
  description: Description,
  settings: Settings,
  labels: Labels,
  enabled: Type.Boolean(),
  shared: Type.Boolean({
    description: 'Owned by the platform: every tenant sees and may use or copy it, only the platform changes it',
  }),
}

export const TaskType = strict({
  ...Stamp,
  ...fields,
  kind: Type.String(),
  app: nullable(strict({ id: Id, code: Type.String() })),
  paramsSchema: nullable(JsonObject),
  defaults: Policies,
})
export type TaskType = Static<typeof TaskType>

export const TaskTypeCreate = strict({
  code: Code,
  kind: Kind,
  ...optional({ ...fields, app: BodyRef, paramsSchema: ParamsSchema, defaults: Policies }),
})
export type TaskTypeCreate = Static<typeof TaskTypeCreate>

export const TaskTypeUpdate = strict({
  version: Version,
  ...optional({
    ...fields,
    code: Code,
    kind: Kind,
    app: nullable(BodyRef),
    paramsSchema: nullable(ParamsSchema),
    defaults: PoliciesPatch,
  }),
})
export type TaskTypeUpdate = Static<typeof TaskTypeUpdate>

/** A kind of work that task types can be of. */
export const WorkKind = strict({
  name: Type.String(),
  app: choice(['own', 'builtin'], 'Who does it: executors of the type’s app, or the built-in executor'),
  settings: Type.Unsafe<Record<string, unknown>>({ ...JsonObject, description: 'JSON Schema 2020-12 of its settings' }),
  fromParams: Type.Boolean({
    description: 'Whether a type may leave the settings to the parameters of its tasks: `{ "fromParams": true }`',
  }),
})
export type WorkKind = Static<typeof WorkKind>

const params = strict({ type: Ref })
const path = '/api/v1/task-types/:type'

export const taskTypeRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/task-types',
    access: 'read',
    tag: TAG,
    summary: 'List task types',
    query: strict({
      ...Paging,
      sort: Sort,
      ...optional({
        q: Type.String({ maxLength: 200, description: 'Found in code or name' }),
        kind: Type.String({ maxLength: 40 }),
        app: Ref,
        enabled: Type.Boolean(),
        shared: Type.Boolean({ description: 'true: only those of the platform; false: only those of the tenant' }),
        label: LabelFilter,
      }),
    }),
    responses: { 200: pageOf(TaskType) },
  }),
  create: route({
    method: 'POST',
    path: '/api/v1/task-types',
    access: 'definition.write',
    tag: TAG,
    summary: 'Create a task type',
    body: TaskTypeCreate,
    responses: { 201: TaskType },
    idempotent: true,
    audit: 'task-type.create',
  }),
  get: route({
    method: 'GET',
    path,
    access: 'read',
    tag: TAG,
    summary: 'Read a task type',
    params,
    responses: { 200: TaskType },
  }),
  update: route({
    method: 'PATCH',
    path,
    access: 'definition.write',
    tag: TAG,
    summary: 'Change a task type',
    description: 'Every task of the type follows at once; what runs keeps the plan it started with.',
    params,
    body: TaskTypeUpdate,
    responses: { 200: TaskType },
    audit: 'task-type.update',
  }),
  remove: route({
    method: 'DELETE',
    path,
    access: 'definition.write',
    tag: TAG,
    summary: 'Delete a task type that no task uses',
    params,
    responses: { 204: Type.Null() },
    audit: 'task-type.delete',
  }),
  copy: route({
    method: 'POST',
    path: `${path}/copy`,
    access: 'definition.write',
    tag: TAG,
    summary: 'Copy a task type under another code',
    params,
    body: strict({ code: Code, name: Type.Optional(Name) }),
    responses: { 201: TaskType },
    idempotent: true,
    audit: 'task-type.copy',
  }),
  kinds: route({
    method: 'GET',
    path: '/api/v1/kinds',
    access: 'read',
    tag: TAG,
    summary: 'List the kinds of work that the tenant may write task types for',
    responses: { 200: strict({ items: Type.Array(WorkKind) }) },
  }),
  ...revisionRoutes({ path, param: 'type', tag: TAG, audit: 'task-type', view: TaskType, access: 'definition.write' }),
}
