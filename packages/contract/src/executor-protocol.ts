import Type, { type Static } from 'typebox'
import { route } from './route.ts'

/**
 * The executor protocol, version 1: JSON over HTTP, spoken by executors in any language.
 *
 * register → a session with a lease; heartbeat renews it. A pull executor asks with `claim` (long polling); a push executor is called
 * at its address with the same `Assignment`s. Everything an executor says about an instance carries the `token` of the attempt: as soon
 * as the server has given the instance to someone else, or ended it, that token is stale and what is said under it changes nothing.
 */
export const PROTOCOL_VERSION = 1

/** Identifiers are integers below 2^53. */
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
/** Milliseconds since 1970 UTC. */
export const Millis = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })

const strict = { additionalProperties: false } as const
const Text = (maxLength: number) => Type.String({ maxLength })
const Name = Type.String({ minLength: 1, maxLength: 200 })
const Labels = Type.Record(Type.String({ minLength: 1, maxLength: 63 }), Text(255), { maxProperties: 64 })

export const HealthEvery = Type.Integer({
  minimum: 1_000,
  maximum: 3_600_000,
  description: 'Milliseconds from one health check to the next. Default: as the server is set, 30,000',
})

export const PerCall = Type.Integer({
  minimum: 1,
  maximum: 1000,
  description: 'How many assignments one call of a push executor may carry. Default: as many as there are for it',
})

export const Register = Type.Object(
  {
    protocol: Type.Integer({ description: 'Protocol version the executor speaks' }),
    app: Type.String({ minLength: 1, maxLength: 63, description: 'Code of its app' }),
    instance: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Its name, unique in the app; registering it again replaces the earlier session',
    }),
    previous: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          'The session that it had until it was told SESSION_ENDED. Where another process has taken the name since, and lives, this one is refused with CODE_TAKEN instead of taking it back',
      }),
    ),
    mode: Type.Union([Type.Literal('PULL'), Type.Literal('PUSH')]),
    address: Type.Optional(Type.String({ maxLength: 2000, description: 'Base URL of a push executor' })),
    callToken: Type.Optional(
      Type.String({
        minLength: 16,
        maxLength: 200,
        description:
          'A secret of the executor, made for this registration: the server sends it as bearer token when it calls the address',
      }),
    ),
    healthUrl: Type.Optional(
      Type.String({
        maxLength: 2000,
        description: 'The server asks it with GET; it gets work only while the answer is 2xx. Default: heartbeats alone decide',
      }),
    ),
    healthEveryMs: Type.Optional(HealthEvery),
    perCall: Type.Optional(PerCall),
    handlers: Type.Array(Name, { maxItems: 1000, description: 'Handlers it serves' }),
    capacity: Type.Integer({ minimum: 1, maximum: 100_000, description: 'Instances it runs at once' }),
    labels: Type.Optional(Labels),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 63 }), Text(1000), { maxProperties: 64 })),
  },
  strict,
)

export const Registered = Type.Object({
  executorId: Id,
  session: Id,
  leaseMs: Type.Integer(),
  heartbeatMs: Type.Integer({ description: 'Send a heartbeat this often' }),
  limits: Type.Object({
    resultBytes: Type.Integer(),
    logLineBytes: Type.Integer(),
    reportItems: Type.Integer(),
    logLines: Type.Integer(),
  }),
})

const Tenant = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "The assignment's tenant. Needed only by executors of an app that the platform shares; others may leave it out",
  }),
)

/** An instance and the token of its current attempt. */
export const Holding = Type.Object({ tenant: Tenant, instance: Id, token: Id }, strict)

/** What the server wants of an executor that runs instances; part of every answer to a heartbeat and a claim. */
export const Control = Type.Object({
  stop: Type.Array(
    Type.Object({
      instance: Id,
      token: Id,
      reason: Type.Union([Type.Literal('CANCEL'), Type.Literal('TIMEOUT'), Type.Literal('REPLACED')]),
    }),
    { description: 'Signal abort to these handlers; report them when they have ended' },
  ),
  lost: Type.Array(Holding, {
    description: 'No longer yours (heartbeat only, of those you listed): abort them, reports are refused',
  }),
  status: Type.Union([Type.Literal('ONLINE'), Type.Literal('OFFLINE'), Type.Literal('MAINTENANCE'), Type.Literal('DRAINING')]),
})

export const Heartbeat = Type.Object(
  {
    session: Id,
    running: Type.Array(Holding, {
      maxItems: 100_000,
      description: 'Everything it holds; the answer names what it no longer holds',
    }),
  },
  strict,
)
export const HeartbeatAnswer = Type.Object({ leaseMs: Type.Integer(), control: Control })

export const Claim = Type.Object(
  {
    session: Id,
    seq: Type.Integer({
      minimum: 1,
      description: 'Rises by one with each answered claim. Repeated after a lost answer it brings the same assignments',
    }),
    max: Type.Integer({ minimum: 0, maximum: 10_000, description: 'Free places; 0 only waits for control' }),
    waitMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      description: 'How long the server may hold the request while there is nothing',
    }),
  },
  strict,
)

/** One attempt to execute. */
export const Assignment = Type.Object({
  instance: Id,
  token: Id,
  run: Id,
  tenant: Id,
  task: Type.String({ description: "The task's code" }),
  handler: Type.String(),
  kind: Type.String(),
  settings: Type.Unknown(),
  params: Type.Unknown(),
  variables: Type.Record(Type.String(), Type.String()),
  attempt: Type.Integer({ minimum: 1 }),
  fireAt: Type.Union([Millis, Type.Null()], { description: 'Planned time of a scheduled run' }),
  timeoutMs: Type.Integer({ description: '0 = none; counted from the start' }),
  shard: Type.Object({ index: Type.Integer(), total: Type.Integer() }),
  idempotencyKey: Type.String({ description: 'The same for every attempt of this instance' }),
  secrets: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Texts in params and settings that are secret: never to be logged, reported or shown',
    }),
  ),
})
/** Which private addresses may be called for a tenant; public ones always may. */
export const TenantEgress = Type.Object({
  tenant: Id,
  allowPrivate: Type.Boolean({ description: 'All of them' }),
  privateTargets: Type.Array(Type.String(), { description: 'Else these: ranges, addresses, names of hosts' }),
})
export const ClaimAnswer = Type.Object({
  assignments: Type.Array(Assignment),
  control: Control,
  egress: Type.Optional(
    Type.Array(TenantEgress, {
      description:
        'Of the tenants of these assignments, those for which private addresses may be called. Only executors of the platform are told',
    }),
  ),
})

const ReportError = Type.Object(
  { code: Type.Optional(Text(100)), message: Text(10_000), stack: Type.Optional(Text(50_000)) },
  strict,
)
export const ReportItem = Type.Union([
  Type.Object({ kind: Type.Literal('STARTED'), tenant: Tenant, instance: Id, token: Id }, strict),
  Type.Object(
    {
      kind: Type.Literal('PROGRESS'),
      tenant: Tenant,
      instance: Id,
      token: Id,
      percent: Type.Integer({ minimum: 0, maximum: 100 }),
      message: Type.Optional(Text(1000)),
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('SUCCESS'),
      tenant: Tenant,
      instance: Id,
      token: Id,
      output: Type.Optional(Type.Unknown()),
      durationMs: Type.Optional(Type.Integer({ minimum: 0 })),
    },
    strict,
  ),
  Type.Object(
    {
      kind: Type.Literal('FAILURE'),
      tenant: Tenant,
      instance: Id,
      token: Id,
      error: ReportError,
      retriable: Type.Optional(Type.Boolean({ description: 'false: do not try again whatever the policy says' })),
      durationMs: Type.Optional(Type.Integer({ minimum: 0 })),
    },
    strict,
  ),
  /** Handed back unstarted, by an executor that shuts down. */
  Type.Object({ kind: Type.Literal('RELEASE'), tenant: Tenant, instance: Id, token: Id }, strict),
  /** Let go of while it goes on elsewhere: its end comes by the callback that it was given. Refused where it was given none. */
  Type.Object({ kind: Type.Literal('DETACHED'), tenant: Tenant, instance: Id, token: Id }, strict),
])
/** Several reports of one instance stand in the order in which they happened. STARTED may be left out when the end is in the same batch or soon. */
export const Report = Type.Object({ session: Id, items: Type.Array(ReportItem, { minItems: 1, maxItems: 1000 }) }, strict)

/** Each item is answered by itself, in the same order. */
export const ReportAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      status: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('DUPLICATE'), Type.Literal('STALE'), Type.Literal('INVALID')]),
      detail: Type.Optional(Type.String()),
    }),
  ),
})

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const
export const LOG_SOURCES = ['handler', 'system', 'stdout', 'stderr'] as const
export const LogLevel = Type.Unsafe<(typeof LOG_LEVELS)[number]>(Type.Union(LOG_LEVELS.map((level) => Type.Literal(level))))
export const LogSource = Type.Unsafe<(typeof LOG_SOURCES)[number]>(Type.Union(LOG_SOURCES.map((source) => Type.Literal(source))))

const LogLine = Type.Object(
  { seq: Type.Integer({ minimum: 1 }), at: Millis, level: LogLevel, source: LogSource, text: Text(1_000_000) },
  strict,
)
/** Lines are numbered from 1 within an attempt. Sending a line again is harmless. */
export const Logs = Type.Object(
  {
    session: Id,
    items: Type.Array(
      Type.Object(
        { tenant: Tenant, instance: Id, token: Id, lines: Type.Array(LogLine, { minItems: 1, maxItems: 5000 }) },
        strict,
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  strict,
)
export const LogsAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      status: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('STALE')]),
      ackSeq: Type.Integer({ description: 'Every line up to here is stored' }),
      cut: Type.Boolean({ description: 'The limit of the attempt is reached; later lines are not kept' }),
    }),
  ),
})

/** An attempt is given one address, once. */
export const OpenCallback = Type.Object(
  {
    session: Id,
    tenant: Tenant,
    instance: Id,
    token: Id,
    waitMs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 2_592_000_000, description: 'How long it waits once it is DETACHED. Default: a day' }),
    ),
  },
  strict,
)
export const OpenedCallback = Type.Object({
  state: Type.Union([Type.Literal('OPEN'), Type.Literal('OVER'), Type.Literal('NO_ADDRESS')], {
    description: 'OVER: the attempt has ended, or is not yours. NO_ADDRESS: the server does not know where others reach it',
  }),
  url: Type.Union([Type.String(), Type.Null()]),
})

export const Deregister = Type.Object({ session: Id }, strict)

/** Called by the server at a push executor's address: `POST {address}/invoke` and `POST {address}/cancel`. */
export const Invoke = Type.Object({ session: Id, assignments: Type.Array(Assignment, { minItems: 1 }) })
/** Answer to `invoke`: what it does not take (full, unknown handler) goes elsewhere at once; the rest it has accepted. */
export const InvokeAnswer = Type.Object({ refused: Type.Array(Type.Object({ instance: Id, token: Id, reason: Type.String() })) })
export const Cancel = Type.Object({ session: Id, stop: Control.properties.stop })

export type Register = Static<typeof Register>
export type Registered = Static<typeof Registered>
export type Holding = Static<typeof Holding>
export type Control = Static<typeof Control>
export type Heartbeat = Static<typeof Heartbeat>
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>
export type Claim = Static<typeof Claim>
export type ClaimAnswer = Static<typeof ClaimAnswer>
export type Assignment = Static<typeof Assignment>
export type TenantEgress = Static<typeof TenantEgress>
export type OpenCallback = Static<typeof OpenCallback>
export type OpenedCallback = Static<typeof OpenedCallback>
export type ReportItem = Static<typeof ReportItem>
export type Report = Static<typeof Report>
export type ReportAnswer = Static<typeof ReportAnswer>
export type LogLine = Static<typeof LogLine>
export type LogLevel = Static<typeof LogLevel>
export type LogSource = Static<typeof LogSource>
export type Logs = Static<typeof Logs>
export type LogsAnswer = Static<typeof LogsAnswer>
export type Invoke = Static<typeof Invoke>
export type InvokeAnswer = Static<typeof InvokeAnswer>
export type Cancel = Static<typeof Cancel>

const unaudited = 'executor traffic: registrations, attempts and logs are their own record'
const shared = { method: 'POST', access: 'executor', tag: 'Executor protocol', unaudited } as const

export const executorRoutes = {
  register: route({
    ...shared,
    path: '/executor/v1/register',
    summary: 'Register and open a session',
    body: Register,
    responses: { 200: Registered },
  }),
  heartbeat: route({
    ...shared,
    path: '/executor/v1/heartbeat',
    summary: 'Renew the lease',
    body: Heartbeat,
    responses: { 200: HeartbeatAnswer },
  }),
  claim: route({
    ...shared,
    path: '/executor/v1/claim',
    summary: 'Take instances to execute (long polling)',
    body: Claim,
    responses: { 200: ClaimAnswer },
  }),
  report: route({
    ...shared,
    path: '/executor/v1/report',
    summary: 'Report starts, progress and results',
    body: Report,
    responses: { 200: ReportAnswer },
  }),
  logs: route({ ...shared, path: '/executor/v1/logs', summary: 'Ship log lines', body: Logs, responses: { 200: LogsAnswer } }),
  callback: route({
    ...shared,
    path: '/executor/v1/callback',
    summary: 'Get an address that ends an attempt once it is DETACHED',
    body: OpenCallback,
    responses: { 200: OpenedCallback },
  }),
  deregister: route({
    ...shared,
    path: '/executor/v1/deregister',
    summary: 'Leave; what it still holds is handed to others',
    body: Deregister,
    responses: { 200: Type.Object({}) },
  }),
}
