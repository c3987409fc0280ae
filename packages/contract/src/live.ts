import Type, { type Static, type TProperties } from 'typebox'
import { executorAdminRoutes, type ExecutorView } from './executor.ts'
import { Id, LogLevel, Millis } from './executor-protocol.ts'
import { Instance, instanceRoutes, type LogRecord, type Why } from './instance.ts'
import { overviewRoutes, type Overview } from './overview.ts'
import { Problem } from './problem.ts'
import { runRoutes, type Run } from './run.ts'
import { scheduleRoutes, type ScheduleView } from './schedule.ts'
import { optional, strict, taggedUnion, without } from './schema.ts'

/**
 * Live updates: one WebSocket, any number of topics on it. A topic is what a REST route shows, kept up to date: its head (what it is as a whole)
 * and its items, each with an `id`. The server sends a snapshot, then what has changed; how it goes: docs/guides/live.md.
 */
export const LIVE_PATH = '/api/v1/live'

/** Subscriptions on one connection. */
export const MOST_TOPICS = 50

/** The connection is closed with it when its token or session is no longer valid: connecting again needs a new one. */
export const CLOSE_UNAUTHENTICATED = 4401

const tenant = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
  description: 'Code of the tenant',
})

/** As its route takes it, without pages: of a list the first one is shown. */
const listed = <const K extends string, P extends TProperties>(kind: K, query: P) =>
  strict({ kind: Type.Literal(kind), tenant, query: Type.Optional(strict(without(query, 'cursor'))) })

const RunsTopic = listed('runs', runRoutes.list.query.properties)
const InstancesTopic = listed('instances', instanceRoutes.list.query.properties)
const ExecutorsTopic = listed('executors', executorAdminRoutes.list.query.properties)
const SchedulesTopic = listed('schedules', scheduleRoutes.list.query.properties)

const OverviewTopic = listed('overview', overviewRoutes.get.query.properties)

const RunTopic = strict({ kind: Type.Literal('run'), tenant, run: Id }, { description: 'A run and its instances' })

const LogTopic = strict(
  {
    kind: Type.Literal('log'),
    tenant,
    instance: Id,
    ...optional({
      attempt: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Left out: the present or last one' }),
      level: LogLevel,
    }),
  },
  { description: 'The last lines of an attempt, and those that come' },
)

export const LiveTopic = taggedUnion('kind', [
  OverviewTopic,
  RunTopic,
  RunsTopic,
  InstancesTopic,
  ExecutorsTopic,
  SchedulesTopic,
  LogTopic,
])
export type LiveTopic = Static<typeof LiveTopic>
export type LiveKind = LiveTopic['kind']

/** Chosen by the client; free again once it has been unsubscribed or refused. */
const SubscriptionId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

export const LiveRequest = taggedUnion('type', [
  strict({
    type: Type.Literal('subscribe'),
    id: SubscriptionId,
    topic: LiveTopic,
    since: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'The `seq` up to which it is known already' }),
    ),
  }),
  strict({ type: Type.Literal('unsubscribe'), id: SubscriptionId }),
  strict({ type: Type.Literal('pause') }),
  strict({ type: Type.Literal('resume') }),
])
export type LiveRequest = Static<typeof LiveRequest>

const seq = Type.Integer({ minimum: 0, description: 'How far this goes; sent back as `since` to go on from here' })
const items = Type.Array(Type.Unknown())

export const LiveMessage = taggedUnion('type', [
  strict({
    type: Type.Literal('hello'),
    serverTime: Millis,
    node: Type.String(),
    pingMs: Type.Optional(Type.Integer({ description: 'How often it says `ping`, so that its silence is noticed' })),
  }),
  strict({ type: Type.Literal('ping'), serverTime: Millis }),
  strict({ type: Type.Literal('snapshot'), id: SubscriptionId, seq, data: strict({ head: Type.Unknown(), items }) }),
  strict({
    type: Type.Literal('changes'),
    id: SubscriptionId,
    seq,
    head: Type.Optional(Type.Unknown({ description: 'Where it has changed' })),
    upserts: items,
    removed: Type.Array(Id),
    order: Type.Optional(Type.Array(Id, { description: 'All items of a list, where their order has changed' })),
  }),
  strict({
    type: Type.Literal('resync', {
      description: 'What was sent is out of date; changes or a snapshot follow as soon as possible',
    }),
    id: SubscriptionId,
  }),
  strict({
    type: Type.Literal('refused'),
    id: Type.Integer({ minimum: 0, description: '0: the message could not be read' }),
    problem: Problem,
  }),
])
export type LiveMessage = Static<typeof LiveMessage>

/** An instance as the topic `run` shows it: its output, and an error that is long, are read by GET /api/v1/instances/:instance. */
export const LiveInstance = strict({
  ...without(Instance.properties, 'output'),
  hasOutput: Type.Boolean(),
  errorLeftOut: Type.Boolean(),
})
export type LiveInstance = Static<typeof LiveInstance>

export interface LiveLogHead {
  readonly attempt: number
  /** Nothing will come any more. */
  readonly ended: boolean
  readonly lines: number
  readonly bytes: number
  /** The limit of the attempt was reached; later lines were not kept. */
  readonly cut: boolean
}

/** `nextCursor`: of the REST list, where it goes on. */
export interface LiveListHead {
  readonly nextCursor: string | null
}

/**
 * `waiting`: the first of those that something beside their parents has kept from running for a moment. It is renewed every two seconds; a node of
 * the version before does not send it.
 */
export interface LiveRunHead extends Run {
  readonly more: boolean
  readonly waiting?: readonly { readonly instance: number; readonly why: Why }[]
}

/** What each kind of topic shows. The `id` of a log line is its `seq`. */
export interface LiveKinds {
  readonly run: { readonly head: LiveRunHead; readonly item: LiveInstance }
  readonly runs: { readonly head: LiveListHead; readonly item: Run }
  readonly instances: { readonly head: LiveListHead; readonly item: Instance }
  readonly executors: { readonly head: LiveListHead; readonly item: ExecutorView }
  readonly schedules: { readonly head: LiveListHead; readonly item: ScheduleView }
  readonly overview: { readonly head: Overview; readonly item: never }
  readonly log: { readonly head: LiveLogHead; readonly item: LogRecord & { readonly id: number } }
}
