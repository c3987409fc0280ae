import Type, { type Static } from 'typebox'
import { ROLES, RUN_STATES } from '@carillon/core'
import { BulkAnswer, Refs } from './bulk.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, Sort, pageOf } from './paging.ts'
import { DagPolicies, DagPoliciesPatch, EffectiveDagPolicies } from './policy.ts'
import { revisionRoutes } from './revision.ts'
import { route } from './route.ts'
import {
  Code,
  Description,
  LabelFilter,
  Labels,
  Name,
  Reason,
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

const TAG = 'DAGs'

const Roles = Type.Array(choice(ROLES), { maxItems: ROLES.length, uniqueItems: true })

const fields = {
  name: Name,
  description: Description,
  owner: Text(200),
  labels: Labels,
  enabled: Type.Boolean(),
}

export const VersionNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Number of a version of the DAG' })
export const GrayPercent = Type.Integer({ minimum: 1, maximum: 99 })

/** Which versions take traffic: `active` unless a run names another, and of these runs a share goes to `gray`. */
const Traffic = {
  active: nullable(VersionNumber),
  gray: nullable(strict({ number: VersionNumber, percent: GrayPercent })),
}

const Paused = { paused: Type.Boolean(), pauseReason: nullable(Type.String()) }

export const Dag = strict({
  ...Stamp,
  ...fields,
  ...Paused,
  ...Traffic,
  policies: DagPolicies,
  effective: EffectiveDagPolicies,
  runnableBy: nullable(Roles),
})
export type Dag = Static<typeof Dag>

/** A DAG in a list, with what people look for there. */
export const DagItem = strict({
  ...Stamp,
  ...fields,
  ...Paused,
  ...Traffic,
  nextFireAt: nullable(Millis),
  lastRun: nullable(strict({ id: Id, state: choice(RUN_STATES), createdAt: Millis, endedAt: nullable(Millis) })),
})

export const DagCreate = strict({
  code: Code,
  ...optional({ ...fields, policies: DagPolicies, runnableBy: nullable(Roles) }),
})
export type DagCreate = Static<typeof DagCreate>

export const DagUpdate = strict({
  version: Version,
  ...optional({ ...fields, code: Code, policies: DagPoliciesPatch, runnableBy: nullable(Roles) }),
})
export type DagUpdate = Static<typeof DagUpdate>

const params = strict({ dag: Ref })
const path = '/api/v1/dags/:dag'
const control = { access: 'run.control', tag: TAG, method: 'POST' } as const
const write = { access: 'definition.write', tag: TAG } as const

export const dagRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/dags',
    access: 'read',
    tag: TAG,
    summary: 'List DAGs',
    query: strict({
      ...Paging,
      sort: Sort,
      ...optional({
        q: Type.String({ maxLength: 200, description: 'Found in code or name' }),
        owner: Text(200),
        enabled: Type.Boolean(),
        paused: Type.Boolean(),
        active: Type.Boolean({ description: 'Whether a version of it is active' }),
        label: LabelFilter,
      }),
    }),
    responses: { 200: pageOf(DagItem) },
  }),
  create: route({
    ...write,
    method: 'POST',
    path: '/api/v1/dags',
    summary: 'Create a DAG; what it does is said by its versions',
    body: DagCreate,
    responses: { 201: Dag },
    idempotent: true,
    audit: 'dag.create',
  }),
  get: route({ method: 'GET', path, access: 'read', tag: TAG, summary: 'Read a DAG', params, responses: { 200: Dag } }),
  update: route({
    ...write,
    method: 'PATCH',
    path,
    summary: 'Change a DAG; its versions stay as they are',
    description: 'What is left out stays; null sets a policy back to what it inherits. Runs keep the plan they started with.',
    params,
    body: DagUpdate,
    responses: { 200: Dag },
    audit: 'dag.update',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path,
    summary: 'Delete a DAG to which no schedule and no other DAG refers',
    params,
    responses: { 204: Type.Null() },
    audit: 'dag.delete',
  }),
  enable: route({
    ...write,
    method: 'POST',
    path: `${path}/enable`,
    summary: 'Enable a DAG',
    params,
    responses: { 200: Dag },
    audit: 'dag.enable',
  }),
  disable: route({
    ...write,
    method: 'POST',
    path: `${path}/disable`,
    summary: 'Disable a DAG: its schedules fire nothing, manual triggers are refused',
    params,
    responses: { 200: Dag },
    audit: 'dag.disable',
  }),
  pause: route({
    ...control,
    path: `${path}/pause`,
    summary: 'Pause a DAG: what runs goes on to its end, nothing new starts, its fires are recorded as skipped',
    params,
    body: strict({ reason: Type.Optional(Reason) }),
    responses: { 200: Dag },
    audit: 'dag.pause',
  }),
  resume: route({
    ...control,
    path: `${path}/resume`,
    summary: 'Resume a DAG: from now on its runs start again',
    params,
    responses: { 200: Dag },
    audit: 'dag.resume',
  }),
  pauseMany: route({
    ...control,
    path: '/api/v1/dags/pause',
    summary: 'Pause many DAGs; each is answered by itself',
    body: strict({ dags: Refs, reason: Type.Optional(Reason) }),
    responses: { 200: BulkAnswer },
    audit: 'dag.pause',
  }),
  resumeMany: route({
    ...control,
    path: '/api/v1/dags/resume',
    summary: 'Resume many DAGs; each is answered by itself',
    body: strict({ dags: Refs }),
    responses: { 200: BulkAnswer },
    audit: 'dag.resume',
  }),
  bulk: route({
    ...write,
    method: 'POST',
    path: '/api/v1/dags/bulk',
    summary: 'Enable, disable, delete or label many DAGs',
    description: 'Each DAG is answered by itself; a refused one does not stop the others. `labels`: null removes a key.',
    body: strict({
      dags: Refs,
      action: choice(['enable', 'disable', 'delete', 'label']),
      labels: Type.Optional(dictionary({ maxLength: 63 }, nullable(Text(255)), 64)),
    }),
    responses: { 200: BulkAnswer },
    idempotent: true,
    audit: 'dag.bulk',
  }),
  setGray: route({
    ...write,
    method: 'PUT',
    path: `${path}/gray`,
    summary: 'Gray release: give a second version a share of the runs that name none',
    description: 'The same run key goes to the same version as long as the share stands; a larger share takes no key back.',
    params,
    body: strict({ number: VersionNumber, percent: GrayPercent }),
    responses: { 200: Dag },
    audit: 'dag.set-gray',
  }),
  endGray: route({
    ...write,
    method: 'DELETE',
    path: `${path}/gray`,
    summary: 'End the gray release: everything goes to the active version',
    params,
    responses: { 200: Dag },
    audit: 'dag.end-gray',
  }),
  ...revisionRoutes({ path, param: 'dag', tag: TAG, audit: 'dag', view: Dag, access: 'definition.write' }),
}
