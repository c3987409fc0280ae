import { HEALTHS } from '@carillon/core'
import Type, { type Static } from 'typebox'
import { BulkAnswer } from './bulk.ts'
import { HealthEvery, Id, Millis, PerCall } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { BodyRef, IdText, Reason, Ref, choice, dictionary, nullable, optional, strict } from './schema.ts'

const TAG = 'Executors'

const Status = choice(['ONLINE', 'OFFLINE', 'MAINTENANCE', 'DRAINING'])
const Health = choice(HEALTHS)
const Strings = dictionary({ maxLength: 200 }, Type.String(), 1000)

export const Executor = strict({
  id: Id,
  app: strict({ id: Id, code: Type.String() }),
  instance: Type.String({ description: 'The name under which it registers' }),
  mode: choice(['PULL', 'PUSH']),
  protocol: choice(['CARILLON', 'XXL_JOB'], 'In which it is called; of PULL always CARILLON'),
  address: nullable(Type.String()),
  handlers: Type.Array(Type.String()),
  capacity: Type.Integer(),
  running: Type.Integer({ description: 'Instances that it holds now' }),
  labels: Strings,
  metadata: Strings,
  status: Status,
  statusSetBy: nullable(Type.String({ description: 'A person; a heartbeat never lifts what a person set' })),
  statusReason: nullable(Type.String()),
  statusSetAt: Millis,
  health: choice(HEALTHS, 'What its health URL says. UNKNOWN: it has none, or has not answered yet'),
  healthReason: nullable(Type.String()),
  healthSetAt: Millis,
  healthUrl: nullable(Type.String()),
  healthEveryMs: nullable(Type.Integer({ description: 'null: as the server is set' })),
  perCall: nullable(Type.Integer({ description: 'How many assignments one call of it may carry; null: as many as there are' })),
  lastCheck: nullable(strict({ at: Millis, ok: Type.Boolean(), tookMs: Type.Integer(), detail: nullable(Type.String()) })),
  inService: Type.Boolean({ description: 'ONLINE, and HEALTHY or without a health URL: what gets work' }),
  session: nullable(strict({ id: Id, startedAt: Millis, seenAt: Millis, leaseUntil: Millis })),
  registeredAt: Millis,
  registeredBy: nullable(Type.String({ description: 'A person, by hand; null: it registered itself' })),
  updatedAt: Millis,
})
export type ExecutorView = Static<typeof Executor>

const Figures = strict({
  succeeded: Type.Integer(),
  failed: Type.Integer(),
  timedOut: Type.Integer(),
  cancelled: Type.Integer(),
  lost: Type.Integer({ description: 'It was lost while it had them, or never started them' }),
  successRate: nullable(
    Type.Number({ description: 'Of the attempts that ended by themselves: without those that were cancelled. null: none did' }),
  ),
  share: nullable(Type.Number({ description: 'Of all attempts that executors of its app ended. null: none did' })),
})
export type ExecutorFigures = Static<typeof Figures>

export const ExecutorDetail = strict({
  ...Executor.properties,
  load: Type.Number({ description: 'Share of its places that are taken now' }),
  figures: strict({
    day: Figures,
    week: Figures,
    quarter: Figures,
  }),
})
export type ExecutorDetail = Static<typeof ExecutorDetail>

const called = {
  address: Type.String({ maxLength: 2000, description: 'Base URL at which it is called' }),
  healthUrl: Type.String({ maxLength: 2000, description: 'Answers 2xx while it can work' }),
  handlers: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 1000 }),
  capacity: Type.Integer({ minimum: 1, maximum: 100_000 }),
}
const described = {
  labels: dictionary({ maxLength: 63 }, Type.String({ maxLength: 255 }), 64),
  metadata: dictionary({ maxLength: 63 }, Type.String({ maxLength: 1000 }), 64),
}
const CallToken = (description: string) => Type.String({ minLength: 16, maxLength: 200, description })

/** A push executor that does not register itself. Its health checks are its heartbeats. */
export const ExecutorCreate = strict({
  app: BodyRef,
  instance: Type.String({ minLength: 1, maxLength: 200, description: 'Its name, unique in the app' }),
  ...called,
  ...optional({
    healthEveryMs: HealthEvery,
    perCall: PerCall,
    callToken: CallToken('Sent as bearer token when it is called; shown nowhere'),
    ...described,
  }),
})
export type ExecutorCreate = Static<typeof ExecutorCreate>

/** One that speaks the protocol of xxl-job and does not register itself; which dialect is seen when it gets its first work. */
export const XxlJobExecutorCreate = strict({
  app: BodyRef,
  address: called.address,
  callToken: CallToken(
    'A token of the role executor for the app, which the executor has as xxl.job.accessToken: both show it when they call. Shown nowhere',
  ),
  ...optional({
    instance: Type.String({ minLength: 1, maxLength: 200, description: 'Its name, unique in the app. Left out: its address' }),
    capacity: called.capacity,
    healthEveryMs: HealthEvery,
    maintenance: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Registered in MAINTENANCE, for this reason: it is checked, and gets no work until it is set ONLINE',
    }),
    ...described,
  }),
})
export type XxlJobExecutorCreate = Static<typeof XxlJobExecutorCreate>

/** Of one that is registered by hand; what is left out stays. Of one of xxl-job handlers, health URL and what a call carries are given. */
export const ExecutorUpdate = strict({
  ...optional({
    ...called,
    healthEveryMs: nullable(HealthEvery),
    perCall: nullable(PerCall),
    callToken: nullable(
      CallToken(
        'null: none. Left out it stays, unless the address changes: what one address was trusted with is not shown to another',
      ),
    ),
    ...described,
  }),
})
export type ExecutorUpdate = Static<typeof ExecutorUpdate>

export const ExecutorEvent = strict({
  id: Id,
  at: Millis,
  kind: choice(['STATUS', 'HEALTH']),
  value: Type.String({ description: 'What it became' }),
  setBy: nullable(Type.String({ description: 'A person; null: the registry, or a health check' })),
  reason: nullable(Type.String()),
})
export type ExecutorEvent = Static<typeof ExecutorEvent>

const params = strict({ executor: IdText })
const path = '/api/v1/executors/:executor'

export const executorAdminRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/executors',
    access: 'read',
    tag: TAG,
    summary: 'List executors, newest first',
    query: strict({ ...Paging, ...optional({ app: Ref, status: Status, health: Health, q: Type.String({ maxLength: 200 }) }) }),
    responses: { 200: pageOf(Executor) },
  }),
  get: route({
    method: 'GET',
    path,
    access: 'read',
    tag: TAG,
    summary: 'Read an executor, with its load, and how its attempts of the last 24 hours, 7 and 90 days ended',
    params,
    responses: { 200: ExecutorDetail },
  }),
  create: route({
    method: 'POST',
    path: '/api/v1/executors',
    access: 'executor.control',
    tag: TAG,
    summary: 'Register a push executor by hand',
    body: ExecutorCreate,
    responses: { 201: Executor },
    idempotent: true,
    audit: 'executor.create',
  }),
  createXxlJob: route({
    method: 'POST',
    path: '/api/v1/executors/xxl-job',
    access: 'executor.control',
    tag: TAG,
    summary: 'Register an executor of xxl-job by hand, as a group with manual addresses has them',
    body: XxlJobExecutorCreate,
    responses: { 201: Executor },
    idempotent: true,
    audit: 'executor.create',
  }),
  update: route({
    method: 'PATCH',
    path,
    access: 'executor.control',
    tag: TAG,
    summary: 'Change an executor that is registered by hand; at a new address it gets work once it has answered a check',
    params,
    body: ExecutorUpdate,
    responses: { 200: Executor },
    audit: 'executor.update',
  }),
  history: route({
    method: 'GET',
    path: `${path}/history`,
    access: 'read',
    tag: TAG,
    summary: 'Changes of status and health, newest first; kept for 30 days',
    params,
    query: strict({ ...Paging, ...optional({ kind: choice(['STATUS', 'HEALTH']) }) }),
    responses: { 200: pageOf(ExecutorEvent) },
  }),
  setStatus: route({
    method: 'POST',
    path: `${path}/status`,
    access: 'executor.control',
    tag: TAG,
    summary: 'Take an executor out of work, let it drain, or bring it back',
    params,
    body: strict({ status: Status, reason: Type.Optional(Reason) }),
    responses: { 200: Executor },
    audit: 'executor.status',
  }),
  remove: route({
    method: 'DELETE',
    path,
    access: 'executor.control',
    tag: TAG,
    summary: 'Delete an executor; what it still holds is handed to others',
    params,
    responses: { 204: Type.Null() },
    audit: 'executor.delete',
  }),
  bulk: route({
    method: 'POST',
    path: '/api/v1/executors/bulk',
    access: 'executor.control',
    tag: TAG,
    summary: 'Set the status of many executors, or delete them',
    body: strict({
      executors: Type.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true }),
      action: choice(['online', 'maintenance', 'drain', 'offline', 'delete']),
      reason: Type.Optional(Reason),
    }),
    responses: { 200: BulkAnswer },
    idempotent: true,
    audit: 'executor.bulk',
  }),
}
