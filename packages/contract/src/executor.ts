import Type, { type Static } from 'typebox'
import { BulkAnswer } from './bulk.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { IdText, Reason, Ref, choice, dictionary, nullable, optional, strict } from './schema.ts'

const TAG = 'Executors'

const Status = choice(['ONLINE', 'OFFLINE', 'MAINTENANCE', 'DRAINING'])
const Health = choice(['HEALTHY', 'UNHEALTHY'])
const Strings = dictionary({ maxLength: 200 }, Type.String(), 1000)

export const Executor = strict({
  id: Id,
  app: strict({ id: Id, code: Type.String() }),
  instance: Type.String({ description: 'The name under which it registers' }),
  mode: choice(['PULL', 'PUSH']),
  address: nullable(Type.String()),
  handlers: Type.Array(Type.String()),
  capacity: Type.Integer(),
  running: Type.Integer({ description: 'Instances that it holds now' }),
  labels: Strings,
  metadata: Strings,
  status: Status,
  statusSetBy: nullable(Type.String({ description: 'A person; a heartbeat never lifts what a person set' })),
  statusReason: nullable(Type.String()),
  health: Health,
  session: nullable(strict({ id: Id, startedAt: Millis, seenAt: Millis, leaseUntil: Millis })),
  registeredAt: Millis,
  updatedAt: Millis,
})
export type ExecutorView = Static<typeof Executor>

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
    summary: 'Read an executor',
    params,
    responses: { 200: Executor },
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
      action: choice(['online', 'maintenance', 'drain', 'delete']),
      reason: Type.Optional(Reason),
    }),
    responses: { 200: BulkAnswer },
    idempotent: true,
    audit: 'executor.bulk',
  }),
}
