import Type, { type Static } from 'typebox'
import { FINAL_RUN_STATES } from '@carillon/core'
import { Id, Millis } from './executor-protocol.ts'
import { route } from './route.ts'
import { choice, nullable, optional, strict } from './schema.ts'
import { Scheduler, ServerNode } from './scheduler.ts'

/**
 * What is going on, from a bounded look: nothing here counts a table, however large it has become. Where a number is the end of the look and
 * not of what there is, `more` says so ("10,000+").
 */
export const Estimate = strict({
  count: Type.Integer(),
  more: Type.Boolean({ description: 'There are more than these' }),
})
export type Estimate = Static<typeof Estimate>

const Named = strict({ id: Id, code: nullable(Type.String()) })
const target = { task: nullable(Named), dag: nullable(Named) }

const Percentiles = strict({ p50: nullable(Type.Integer()), p95: nullable(Type.Integer()) })

export const FailingTarget = strict({
  ...target,
  code: Type.String({ description: 'Of the error; of a DAG: how its runs ended' }),
  message: nullable(Type.String({ description: 'Of the newest' })),
  count: Type.Integer(),
  firstAt: Millis,
  lastAt: Millis,
  newestRun: Id,
})
export type FailingTarget = Static<typeof FailingTarget>

const shared = {
  at: { ...Millis, description: "The database's clock" },
  executors: strict({
    total: Type.Integer(),
    inService: Type.Integer({ description: 'What gets work' }),
    unhealthy: Type.Integer(),
    byStatus: strict({
      ONLINE: Type.Integer(),
      OFFLINE: Type.Integer(),
      MAINTENANCE: Type.Integer(),
      DRAINING: Type.Integer(),
    }),
    capacity: Type.Integer({ description: 'Of those in service' }),
  }),
  running: { ...Estimate, description: 'Task instances that executors hold, the built-in one among them' },
  pending: strict({
    ...Estimate.properties,
    oldestAt: nullable(
      Type.Integer({ description: 'Since when the one waits that has waited longest among the first of each queue' }),
    ),
  }),
}

const Overdue = strict({
  ...Estimate.properties,
  oldestAt: nullable(Type.Integer({ description: 'When the first of them was due' })),
})

export const Overview = strict({
  ...shared,
  lateness: strict({
    overdue: Overdue,
    fireMs: { ...Percentiles, description: 'From the planned time to the run, jitter included, of the last 15 minutes' },
    startMs: { ...Percentiles, description: 'From the run to its first start, likewise' },
  }),
  throughput: strict({
    minutes: Type.Array(strict({ at: Millis, ended: Type.Integer(), failed: Type.Integer() }), {
      description: 'Runs that ended in each of the last 15 minutes, oldest first',
    }),
    more: Type.Boolean({ description: 'There were more runs than are looked at' }),
  }),
  outcomes: strict({
    since: Millis,
    states: Type.Array(strict({ state: choice(FINAL_RUN_STATES), ...Estimate.properties })),
  }),
  next: Type.Array(strict({ schedule: strict({ id: Id, code: Type.String() }), ...target, fireAt: Millis }), {
    description: 'The next fires, each schedule once',
  }),
  failing: Type.Array(FailingTarget, { description: 'What failed since then, by task or DAG and error, most often first' }),
})
export type Overview = Static<typeof Overview>

const Leaders = Type.Array(strict({ role: Type.String(), node: Type.String(), term: Type.Integer(), leaseUntil: Millis }))

/** All tenants together. */
export const PlatformOverview = strict({
  ...shared,
  nodes: strict({ alive: Type.Integer(), total: Type.Integer({ description: 'With those that have gone silent lately' }) }),
  versions: Type.Array(Type.String(), { description: 'Of the nodes that live; two are an upgrade under way' }),
  leaders: Leaders,
  overdue: { ...Overdue, description: 'Fires that are late' },
  hours: Type.Array(strict({ at: Millis, ended: Type.Integer(), failed: Type.Integer() }), {
    description: 'Attempts on executors that ended in each of the last 24 hours, oldest first; the last one goes on',
  }),
})
export type PlatformOverview = Static<typeof PlatformOverview>

export const Nodes = strict({
  at: Millis,
  scheduler: Type.Pick(Scheduler, ['state', 'changedBy', 'changedAt'], {
    additionalProperties: false,
    description: 'What is wanted of all nodes; a node does the stricter of this and its own state',
  }),
  database: strict({
    version: Type.String(),
    roundTripMs: Type.Number({ description: 'From the node that answers' }),
    clockAheadMs: Type.Integer({ description: 'The clock of that node less that of the database, which alone decides' }),
    standbys: Type.Array(strict({ name: Type.String(), state: Type.String(), lagMs: nullable(Type.Integer()) }), {
      description: 'As far as the user of the database may see them',
    }),
  }),
  versions: Type.Array(Type.String(), { description: 'Of the nodes that live; two are an upgrade under way' }),
  leaders: Leaders,
  nodes: Type.Array(
    strict({
      ...ServerNode.properties,
      answers: Type.Boolean({ description: 'It is the one that answers this' }),
      uptimeMs: Type.Integer(),
    }),
  ),
})
export type Nodes = Static<typeof Nodes>

export const overviewRoutes = {
  get: route({
    method: 'GET',
    path: '/api/v1/overview',
    access: 'read',
    tag: 'Overview',
    summary:
      'What is going on in the tenant: executors, what runs and waits, lateness, throughput, outcomes, next fires, failures',
    description: 'Two seconds old at most. It reads a bounded number of rows however much history there is.',
    query: strict(
      optional({
        since: Type.Integer({
          minimum: 0,
          maximum: 8_640_000_000_000_000,
          description: 'From when outcomes and failures count; the last 24 hours unless given',
        }),
      }),
    ),
    responses: { 200: Overview },
  }),
  platform: route({
    method: 'GET',
    path: '/api/v1/overview/platform',
    access: 'platform',
    tag: 'Overview',
    summary:
      'What is going on in all tenants together: nodes and who leads, executors, what runs and waits, lateness, throughput',
    description: 'Two seconds old at most, and as bounded as that of a tenant. It names no tenant and nothing of any.',
    responses: { 200: PlatformOverview },
  }),
  nodes: route({
    method: 'GET',
    path: '/api/v1/nodes',
    access: 'platform',
    tag: 'Overview',
    summary: 'Server nodes, who leads, versions, uptime, and how far away the database is',
    responses: { 200: Nodes },
  }),
}
