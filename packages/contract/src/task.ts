import Type, { type Static } from 'typebox'
import { FINAL_RUN_STATES, ROLES, RUN_STATES, type FinalRunState } from '@carillon/core'
import { BulkAnswer, Refs } from './bulk.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, Sort, pageOf } from './paging.ts'
import { EffectivePolicies, LabelRule, Policies, PoliciesPatch } from './policy.ts'
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
  Text,
  Version,
  choice,
  dictionary,
  nullable,
  optional,
  strict,
} from './schema.ts'

const TAG = 'Tasks'

export const Outcomes = Type.Array(choice(FINAL_RUN_STATES as readonly FinalRunState[]), {
  minItems: 1,
  maxItems: 5,
  uniqueItems: true,
})

/** What the handler is given besides its parameters, and which executors may take it. */
export const Environment = strict(
  optional({
    variables: dictionary({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 200 }, Text(8000), 200),
    selector: dictionary({ maxLength: 63 }, LabelRule, 16),
  }),
)

const Roles = Type.Array(choice(ROLES), { maxItems: ROLES.length, uniqueItems: true })

const fields = {
  name: Name,
  description: Description,
  owner: Text(200),
  params: JsonObject,
  environment: Environment,
  labels: Labels,
  enabled: Type.Boolean(),
}

export const MOST_DOWNSTREAM = 50

/** They read no larger one. */
const XxlJobId = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description:
    'Number by which executors of xxl-job know the task: kept from an import, otherwise given when it first runs there',
})

const DownstreamInput = Type.Array(strict({ task: BodyRef, outcomes: Type.Optional(Outcomes) }), {
  maxItems: MOST_DOWNSTREAM,
  description: 'Tasks that start when a run of this one has ended so (default: SUCCESS)',
})

export const Task = strict({
  ...Stamp,
  ...fields,
  type: strict({ id: Id, code: Type.String(), kind: Type.String() }),
  policies: Policies,
  effective: EffectivePolicies,
  runnableBy: nullable(Roles),
  xxlJobId: nullable(XxlJobId),
  downstream: Type.Array(strict({ task: strict({ id: Id, code: Type.String() }), outcomes: Outcomes })),
})
export type Task = Static<typeof Task>

/** A task in a list, with what people look for there. */
export const TaskItem = strict({
  ...Stamp,
  name: Type.String(),
  description: Type.String(),
  owner: Type.String(),
  labels: Labels,
  enabled: Type.Boolean(),
  type: strict({ id: Id, code: Type.String(), kind: Type.String() }),
  executors: nullable(
    Type.Array(Type.String(), { description: 'Names of those that alone may take it, by its routing; null: any of its app' }),
  ),
  nextFireAt: nullable(Millis),
  lastRun: nullable(strict({ id: Id, state: choice(RUN_STATES), createdAt: Millis, endedAt: nullable(Millis) })),
})
export type TaskItem = Static<typeof TaskItem>

export const TaskCreate = strict({
  code: Code,
  type: BodyRef,
  ...optional({ ...fields, policies: Policies, runnableBy: nullable(Roles), xxlJobId: XxlJobId, downstream: DownstreamInput }),
})
export type TaskCreate = Static<typeof TaskCreate>

export const TaskUpdate = strict({
  version: Version,
  ...optional({
    ...fields,
    code: Code,
    type: BodyRef,
    policies: PoliciesPatch,
    runnableBy: nullable(Roles),
    xxlJobId: XxlJobId,
    downstream: DownstreamInput,
  }),
})
export type TaskUpdate = Static<typeof TaskUpdate>

const params = strict({ task: Ref })
const path = '/api/v1/tasks/:task'
const write = { access: 'definition.write', tag: TAG } as const

export const taskRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/tasks',
    access: 'read',
    tag: TAG,
    summary: 'List tasks',
    query: strict({
      ...Paging,
      sort: Sort,
      ...optional({
        q: Type.String({ maxLength: 200, description: 'Found in code or name' }),
        type: Ref,
        owner: Text(200),
        enabled: Type.Boolean(),
        label: LabelFilter,
      }),
    }),
    responses: { 200: pageOf(TaskItem) },
  }),
  create: route({
    ...write,
    method: 'POST',
    path: '/api/v1/tasks',
    summary: 'Create a task',
    body: TaskCreate,
    responses: { 201: Task },
    idempotent: true,
    audit: 'task.create',
  }),
  get: route({ method: 'GET', path, access: 'read', tag: TAG, summary: 'Read a task', params, responses: { 200: Task } }),
  update: route({
    ...write,
    method: 'PATCH',
    path,
    summary: 'Change a task',
    description: 'What is left out stays; null sets a policy back to what it inherits. Runs keep the plan they started with.',
    params,
    body: TaskUpdate,
    responses: { 200: Task },
    audit: 'task.update',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path,
    summary: 'Delete a task to which no schedule and no other task refers',
    params,
    responses: { 204: Type.Null() },
    audit: 'task.delete',
  }),
  enable: route({
    ...write,
    method: 'POST',
    path: `${path}/enable`,
    summary: 'Enable a task',
    params,
    responses: { 200: Task },
    audit: 'task.enable',
  }),
  disable: route({
    ...write,
    method: 'POST',
    path: `${path}/disable`,
    summary: 'Disable a task: its schedules fire nothing, manual triggers are refused',
    params,
    responses: { 200: Task },
    audit: 'task.disable',
  }),
  copy: route({
    ...write,
    method: 'POST',
    path: `${path}/copy`,
    summary: 'Copy a task under another code; its schedules stay behind',
    params,
    body: strict({ code: Code, name: Type.Optional(Name) }),
    responses: { 201: Task },
    idempotent: true,
    audit: 'task.copy',
  }),
  bulk: route({
    ...write,
    method: 'POST',
    path: '/api/v1/tasks/bulk',
    summary: 'Enable, disable, delete or label many tasks',
    description: 'Each task is answered by itself; a refused one does not stop the others. `labels`: null removes a key.',
    body: strict({
      tasks: Refs,
      action: choice(['enable', 'disable', 'delete', 'label']),
      labels: Type.Optional(dictionary({ maxLength: 63 }, nullable(Text(255)), 64)),
    }),
    responses: { 200: BulkAnswer },
    idempotent: true,
    audit: 'task.bulk',
  }),
  ...revisionRoutes({ path, param: 'task', tag: TAG, audit: 'task', view: Task, access: 'definition.write' }),
}
