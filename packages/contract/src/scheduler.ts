import Type, { type Static } from 'typebox'
import { Millis } from './executor-protocol.ts'
import { route } from './route.ts'
import { choice, nullable, strict } from './schema.ts'

const TAG = 'Scheduler'

/** What is wanted: firing and dispatching, dispatching alone, neither. */
const State = choice(['RUNNING', 'STOPPED', 'DRAINING'], 'RUNNING; STOPPED: nothing fires; DRAINING: nothing is given out either')

export const ServerNode = strict({
  id: Type.String(),
  name: Type.String(),
  address: nullable(Type.String({ description: 'For platform administrators' })),
  version: Type.String(),
  state: State,
  alive: Type.Boolean({ description: 'Seen within the last 10 seconds' }),
  leads: Type.Array(Type.String(), { description: 'Housekeeping roles that it holds' }),
  startedAt: Millis,
  seenAt: Millis,
})

export const Scheduler = strict({
  state: State,
  changedBy: nullable(Type.String()),
  changedAt: nullable(Millis),
  nodes: Type.Array(ServerNode),
  running: Type.Integer({ description: 'Instances of this tenant that executors hold now (counted up to 10,000)' }),
  pending: Type.Integer({ description: 'Instances of this tenant that are ready to run (counted up to 10,000)' }),
})
export type Scheduler = Static<typeof Scheduler>

const control = { method: 'POST', access: 'platform', tag: TAG, responses: { 200: Scheduler } } as const
const node = strict({ node: Type.String({ minLength: 1, maxLength: 200 }) })

export const schedulerRoutes = {
  status: route({
    method: 'GET',
    path: '/api/v1/scheduler',
    access: 'read',
    tag: TAG,
    summary: 'State of the scheduler and its nodes',
    responses: { 200: Scheduler },
  }),
  start: route({
    ...control,
    path: '/api/v1/scheduler/start',
    summary: 'Fire and dispatch again, on all nodes',
    audit: 'scheduler.start',
  }),
  stop: route({
    ...control,
    path: '/api/v1/scheduler/stop',
    summary: 'Stop firing on all nodes; what is started goes on',
    audit: 'scheduler.stop',
  }),
  drain: route({
    ...control,
    path: '/api/v1/scheduler/drain',
    summary: 'Stop firing and dispatching on all nodes',
    audit: 'scheduler.drain',
  }),
  startNode: route({
    ...control,
    path: '/api/v1/scheduler/nodes/:node/start',
    summary: 'Let a node fire and dispatch again',
    params: node,
    audit: 'node.start',
  }),
  stopNode: route({
    ...control,
    path: '/api/v1/scheduler/nodes/:node/stop',
    summary: 'Stop firing on a node',
    params: node,
    audit: 'node.stop',
  }),
  drainNode: route({
    ...control,
    path: '/api/v1/scheduler/nodes/:node/drain',
    summary: 'Stop firing and dispatching on a node',
    params: node,
    audit: 'node.drain',
  }),
}
