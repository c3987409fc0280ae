import Type, { type Static } from 'typebox'
import { INSTANCE_STATES, STOP_REASONS, WAIT_REASONS } from '@carillon/core'
import { Id, LogLevel, LogSource, Millis, LOG_LEVELS } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { IdText, Ref, choice, nullable, optional, strict } from './schema.ts'

const TAG = 'Task instances'

const WHY_REASONS = [
  ...WAIT_REASONS,
  'SCHEDULER_STOPPED',
  'TENANT_SUSPENDED',
  'APP_PAUSED',
  'RATE_LIMIT',
  'CAPACITY',
  'NO_EXECUTOR',
  'EXECUTORS_UNAVAILABLE',
  'EXECUTORS_BUSY',
  'QUEUED',
  'RESERVED',
] as const

/** What keeps an instance from running, as the scheduler itself sees it. */
export const Why = strict({
  reason: choice(WHY_REASONS),
  detail: Type.String(),
  heldBy: Type.Optional(Id),
  until: Type.Optional(Millis),
})
export type Why = Static<typeof Why>

/** A stretch of time in which an instance did not run. */
export const Wait = strict({
  reason: choice([...WHY_REASONS, 'MANY'], 'MANY: it changed too often for each reason to be kept'),
  detail: Type.Optional(Type.String({ description: 'Of what held up its queue, as it was first seen' })),
  heldBy: Type.Optional(Id),
  since: Millis,
  until: nullable(Millis),
})
export type Wait = Static<typeof Wait>

export const ExecutorRef = nullable(strict({ id: Id, instance: nullable(Type.String()) }))

export const Instance = strict({
  id: Id,
  runId: Id,
  task: nullable(strict({ id: Id, code: nullable(Type.String()) })),
  node: Type.Integer(),
  nodeCode: nullable(Type.String({ description: 'Of a DAG; null: the run is one of a task' })),
  shardIndex: Type.Integer(),
  shardTotal: Type.Integer(),
  state: choice(INSTANCE_STATES),
  waitReason: nullable(choice(WAIT_REASONS)),
  dueAt: nullable(Millis),
  attempt: Type.Integer(),
  lost: Type.Integer({ description: 'Attempts that ended with their executor' }),
  executor: ExecutorRef,
  reservedAt: nullable(Millis),
  startedAt: nullable(Millis),
  deadlineAt: nullable(Millis),
  stopReason: nullable(choice(STOP_REASONS)),
  output: Type.Unknown(),
  error: Type.Unknown(),
  progress: nullable(Type.Integer()),
  progressMessage: nullable(Type.String()),
  createdAt: Millis,
  endedAt: nullable(Millis),
})
export type Instance = Static<typeof Instance>

export const Attempt = strict({
  number: Type.Integer(),
  outcome: nullable(choice(['SUCCESS', 'FAILED', 'TIMEOUT', 'SKIPPED', 'CANCELLED', 'LOST'], 'null: it is under way')),
  executor: ExecutorRef,
  reservedAt: nullable(Millis),
  startedAt: nullable(Millis),
  endedAt: nullable(Millis),
  error: Type.Unknown(),
})
export type Attempt = Static<typeof Attempt>

export const InstanceDetail = strict({
  ...Instance.properties,
  params: Type.Unknown({ description: 'What it has been given; null: nothing yet' }),
  attempts: Type.Array(Attempt),
  why: nullable(Why),
  waits: Type.Array(Wait, {
    description:
      'How it has waited, in order and without a gap: from when it was made until its first attempt began, and from the end of each until the next',
  }),
})
export type InstanceDetail = Static<typeof InstanceDetail>

export const LogRecord = strict({
  seq: Type.Integer(),
  at: Millis,
  level: LogLevel,
  source: LogSource,
  text: Type.String(),
})
export type LogRecord = Static<typeof LogRecord>

const LogPage = strict({
  ...pageOf(LogRecord).properties,
  attempt: Type.Integer(),
  lines: Type.Integer({ description: 'Stored of this attempt' }),
  lastSeq: Type.Integer({ description: 'Number of the last stored line; 0: there is none' }),
  bytes: Type.Integer(),
  cut: Type.Boolean({ description: 'The limit of the attempt was reached; later lines were not kept' }),
})

/** Lines that one call of the search looks at. */
export const LINES_A_SEARCH = 100_000

const LogHits = strict({
  items: Type.Array(LogRecord),
  attempt: Type.Integer(),
  next: nullable(
    Type.Integer({ description: 'The lines up to this number have been looked at: `after` of the next call; null: all' }),
  ),
})

const params = strict({ instance: IdText })
const path = '/api/v1/instances/:instance'
const read = { method: 'GET', access: 'read', tag: TAG } as const
const attempt = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Left out: the present or last one' })
const level = choice(LOG_LEVELS, 'This level and those above it')

const Decision = strict(optional({ comment: Type.String({ minLength: 1, maxLength: 2000 }) }))
const Node = strict({ instanceId: Id, runId: Id, newInstanceId: Type.Optional(Id) })
const control = { method: 'POST', access: 'run.control', tag: TAG, params, responses: { 200: Node } } as const

/** Which task instances are meant, in lists and where something is done to all that match. */
export const InstanceFilter = {
  task: Type.Unsafe<string>({ ...Ref, description: 'Of runs of this task; nodes of DAGs stand under their DAG' }),
  dag: Ref,
  run: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  executor: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  state: Type.Array(choice(INSTANCE_STATES), { maxItems: INSTANCE_STATES.length }),
  from: Millis,
  to: Millis,
}

/** Control of one node of a DAG's run, or of one element of a fan-out. What it does to others: docs/concepts/dag-control.md. */
const nodeRoutes = {
  // Who may decide is said by the node, so the handler asks.
  approve: route({
    ...{ ...control, access: 'read', body: Decision },
    path: `${path}/approve`,
    summary: 'Approve what waits for approval, with one of the roles that it names',
    audit: 'instance.approve',
  }),
  reject: route({
    ...{ ...control, access: 'read', body: Decision },
    path: `${path}/reject`,
    summary: 'Reject what waits for approval: it fails',
    audit: 'instance.reject',
  }),
  skip: route({
    ...control,
    path: `${path}/skip`,
    summary: 'Mark a node that has not started as done: downstream it counts as a success',
    audit: 'instance.skip',
  }),
  cancel: route({
    ...control,
    path: `${path}/cancel`,
    summary: 'Stop one node: at once if it waits, and where it runs its handler is asked to stop',
    audit: 'instance.cancel',
  }),
  retry: route({
    ...control,
    access: 'run.trigger',
    path: `${path}/retry`,
    summary: 'Run a failed node again in its run, as a new instance; of a fan-out or a sharded task one element alone',
    description:
      'What was skipped because of it waits again. Refused where something began because of its failure, and when the run has ended: then retry the run from FAILED.',
    body: strict(
      optional({
        params: Type.Unsafe<Record<string, unknown>>({
          type: 'object',
          additionalProperties: true,
          description: 'Over those that the node is given',
        }),
      }),
    ),
    audit: 'instance.retry',
  }),
  run: route({
    ...control,
    path: `${path}/run`,
    summary: 'Run now what waits for time: for the pause before its next attempt, or as a node that is a wait',
    audit: 'instance.run',
  }),
}

export const instanceRoutes = {
  ...nodeRoutes,
  list: route({
    ...read,
    path: '/api/v1/instances',
    summary: 'List task instances across runs, newest first',
    query: strict({
      ...Paging,
      ...optional(InstanceFilter),
    }),
    responses: { 200: pageOf(Instance) },
  }),
  get: route({
    ...read,
    path,
    summary: 'A task instance with its attempts, why it waits, and how it has waited',
    params,
    responses: { 200: InstanceDetail },
  }),
  logs: route({
    ...read,
    path: `${path}/logs`,
    summary: 'Log lines of an attempt, in order',
    params,
    query: strict({
      ...Paging,
      ...optional({
        attempt,
        level,
        q: Type.String({ minLength: 1, maxLength: 200, description: 'Found in the line' }),
        after: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Lines after this number' }),
      }),
    }),
    responses: { 200: LogPage },
  }),
  logSearch: route({
    ...read,
    path: `${path}/logs/search`,
    summary: 'Lines of a text or level in the whole log of an attempt, piece by piece',
    description: `A call looks at ${LINES_A_SEARCH} lines at most, so it answers soon whatever is found; \`next\` says where to go on.`,
    params,
    query: strict(
      optional({
        limit: Paging.limit,
        attempt,
        level,
        q: Type.String({ minLength: 1, maxLength: 200, description: 'Found in the line, in capitals or not' }),
        after: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Lines after this number' }),
      }),
    ),
    responses: { 200: LogHits },
  }),
  logText: route({
    ...read,
    path: `${path}/logs/text`,
    summary: 'The whole log of an attempt as text',
    params,
    query: strict(optional({ attempt })),
    responses: { 200: Type.String() },
    produces: 'text/plain',
  }),
  logTail: route({
    ...read,
    path: `${path}/logs/tail`,
    summary: 'Log lines as they come, as server-sent events; ends with an event `end` when the attempt has ended',
    description:
      'Each event is a line, its id the number of the line: the header `last-event-id`, or `after`, resumes behind it.',
    params,
    query: strict(optional({ attempt, level, after: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) })),
    responses: { 200: Type.String() },
    produces: 'text/event-stream',
  }),
}
