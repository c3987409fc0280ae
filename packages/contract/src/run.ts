import Type, { type Static } from 'typebox'
import { RUN_ORIGINS, RUN_STATES } from '@carillon/core'
import { BULK_MAX, Refs, bulkAnswerOf } from './bulk.ts'
import { VersionNumber } from './dag.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Instance, Why } from './instance.ts'
import { Paging, pageOf } from './paging.ts'
import { ERROR_CODES } from './problem.ts'
import { route } from './route.ts'
import { BodyRef, IdText, Ref, choice, nullable, optional, strict } from './schema.ts'

const TAG = 'Runs'

export const Run = strict({
  id: Id,
  kind: choice(['TASK', 'DAG']),
  task: nullable(strict({ id: Id, code: nullable(Type.String()) })),
  dag: nullable(strict({ id: Id, code: nullable(Type.String()), version: VersionNumber })),
  plan: strict({ id: Id, version: Type.Integer({ description: 'Of the task when the plan was made, or of the DAG' }) }),
  state: choice(RUN_STATES),
  reason: nullable(Type.String()),
  origin: choice(RUN_ORIGINS),
  startedBy: Type.String(),
  schedule: nullable(strict({ id: Id, code: nullable(Type.String()) })),
  fireAt: nullable(Type.Integer({ description: 'The planned time' })),
  backfillId: nullable(Id),
  parentRunId: nullable(Id),
  params: Type.Unknown(),
  priority: Type.Integer(),
  concurrencyKey: nullable(Type.String()),
  createdAt: Millis,
  startedAt: nullable(Millis),
  endedAt: nullable(Millis),
})
export type Run = Static<typeof Run>

export const RunDetail = strict({
  ...Run.properties,
  instances: Type.Array(
    strict({
      ...Instance.properties,
      outputLeftOut: Type.Boolean({
        description:
          'Those before it have 4 MiB of outputs in all, so its own is null here; GET /api/v1/instances/:instance has it',
      }),
      errorLeftOut: Type.Boolean({ description: 'The same of 4 MiB of errors' }),
      why: nullable(Why),
    }),
  ),
  more: Type.Boolean({ description: 'These are the first 10,000 instances; GET /api/v1/instances?run= has all, page by page' }),
})
export type RunDetail = Static<typeof RunDetail>

/** Which runs are meant, in lists and where something is done to all that match. */
export const RunFilter = {
  task: Ref,
  dag: Ref,
  schedule: Ref,
  state: Type.Array(choice(RUN_STATES), { maxItems: RUN_STATES.length }),
  origin: choice(RUN_ORIGINS),
  from: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'Created at or after' }),
  to: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'Created before' }),
  param: Type.String({ pattern: '^[^=]{1,63}=.{0,255}$', description: 'key=value of a searchable parameter' }),
}

const trigger = optional({
  params: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    description: 'Over the defaults of what is run',
  }),
  priority: Type.Integer({ minimum: 1, maximum: 10 }),
  bypassConcurrency: Type.Boolean({ description: 'Start whatever the concurrency policy says; needs the permission run.bypass' }),
  force: Type.Boolean({ description: 'Also when what is run is disabled; needs the permission run.force' }),
})

export const Trigger = strict(trigger)
export type Trigger = Static<typeof Trigger>

const ofDag = optional({
  version: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'An activated version; left out: the active one, or the gray one for its share of the runs',
  }),
  key: Type.String({
    minLength: 1,
    maxLength: 200,
    description:
      'Runs with the same key get the same version while a second one takes a share; left out: the value by which the DAG keys its concurrency, or none',
  }),
})

export const DagTrigger = strict({ ...trigger, ...ofDag })
export type DagTrigger = Static<typeof DagTrigger>

/** Names a task or a DAG, and not both; `version` and `key` are for DAGs. */
export const TriggerItem = strict({
  ...optional({ task: BodyRef, dag: BodyRef }),
  ...trigger,
  ...ofDag,
  idempotencyKey: Type.Optional(
    Type.String({ pattern: '^[\\x21-\\x7e]{1,200}$', description: '1 to 200 visible ASCII characters' }),
  ),
})
export type TriggerItem = Static<typeof TriggerItem>

const started = {
  runId: Id,
  state: choice(['PENDING', 'SKIPPED']),
  reason: nullable(Type.String({ description: 'Why it is SKIPPED' })),
  replayed: Type.Boolean({ description: 'The idempotency key was used before: this is the run of then' }),
}
export const Started = strict(started)
export type Started = Static<typeof Started>

const refused = {
  code: choice(ERROR_CODES),
  detail: Type.String(),
  problems: Type.Array(strict({ path: Type.String(), message: Type.String() })),
}
export const TriggerResult = strict({
  ok: Type.Boolean(),
  ...optional({ task: Type.String(), dag: Type.String(), ...started, ...refused }),
})
export type TriggerResult = Static<typeof TriggerResult>

export const RunResult = strict({
  runId: Id,
  ok: Type.Boolean(),
  ...optional({ newRunId: Id, code: choice(ERROR_CODES), detail: Type.String() }),
})
export type RunResult = Static<typeof RunResult>

export const Retry = strict(
  optional({
    from: choice(['START', 'FAILED'], 'FAILED: nodes that had succeeded stand as they ended, everything else runs again'),
    params: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'Over those of the run',
    }),
  }),
)

const Controlled = strict({ runId: Id, newRunId: Type.Optional(Id) })
const RunsOfDag = strict({ items: Type.Array(RunResult), more: Type.Boolean() })
export const DagRunsResult = strict({
  dag: Type.String(),
  ok: Type.Boolean({ description: 'The DAG was found, and none of its runs refused' }),
  ...optional({ code: choice(ERROR_CODES), detail: Type.String() }),
  runs: Type.Array(RunResult),
})
export type DagRunsResult = Static<typeof DagRunsResult>
const RunsOfDags = strict({ ...bulkAnswerOf(DagRunsResult).properties, more: Type.Boolean() })
const RunIds = strict({ runs: Type.Array(Id, { minItems: 1, maxItems: BULK_MAX, uniqueItems: true }) })

const params = strict({ run: IdText })
const path = '/api/v1/runs/:run'
const control = { method: 'POST', access: 'run.control', tag: TAG } as const
const single = { ...control, params, responses: { 200: Controlled } } as const
const bulk = { ...control, body: RunIds, responses: { 200: bulkAnswerOf(RunResult) } } as const

export const runRoutes = {
  trigger: route({
    method: 'POST',
    path: '/api/v1/tasks/:task/trigger',
    access: 'run.trigger',
    tag: TAG,
    summary: 'Run a task now',
    params: strict({ task: Ref }),
    body: Trigger,
    responses: { 201: Started },
    idempotent: true,
    audit: 'run.trigger',
  }),
  triggerDag: route({
    method: 'POST',
    path: '/api/v1/dags/:dag/trigger',
    access: 'run.trigger',
    tag: TAG,
    summary: 'Run a DAG now',
    params: strict({ dag: Ref }),
    body: DagTrigger,
    responses: { 201: Started },
    idempotent: true,
    audit: 'run.trigger',
  }),
  triggerMany: route({
    method: 'POST',
    path: '/api/v1/runs',
    access: 'run.trigger',
    tag: TAG,
    summary: 'Run many tasks and DAGs now; each is answered by itself',
    body: strict({ items: Type.Array(TriggerItem, { minItems: 1, maxItems: BULK_MAX }) }),
    responses: { 200: bulkAnswerOf(TriggerResult) },
    idempotent: true,
    audit: 'run.trigger',
  }),
  list: route({
    method: 'GET',
    path: '/api/v1/runs',
    access: 'read',
    tag: TAG,
    summary: 'List runs, newest first',
    query: strict({
      ...Paging,
      ...optional(RunFilter),
    }),
    responses: { 200: pageOf(Run) },
  }),
  get: route({
    method: 'GET',
    path,
    access: 'read',
    tag: TAG,
    summary: 'A run with its task instances, and why those wait that do',
    params,
    responses: { 200: RunDetail },
  }),
  cancel: route({ ...single, path: `${path}/cancel`, summary: 'Cancel a run', audit: 'run.cancel' }),
  pause: route({
    ...single,
    path: `${path}/pause`,
    summary: 'Pause a run: what executes goes on, nothing new starts',
    audit: 'run.pause',
  }),
  resume: route({ ...single, path: `${path}/resume`, summary: 'Resume a run', audit: 'run.resume' }),
  retry: route({
    ...single,
    access: 'run.trigger',
    path: `${path}/retry`,
    summary: 'Run it again as a new run of the same plan: from its start, or from what failed',
    body: Retry,
    audit: 'run.retry',
  }),
  stopDag: route({
    ...control,
    path: '/api/v1/dags/:dag/stop',
    summary: 'Cancel the active runs of a DAG',
    description: `At most ${BULK_MAX} a call, oldest first; \`more\` says that there are others left.`,
    params: strict({ dag: Ref }),
    responses: { 200: RunsOfDag },
    audit: 'run.cancel',
  }),
  retryDag: route({
    ...control,
    access: 'run.trigger',
    path: '/api/v1/dags/:dag/retry',
    summary: 'Run the failed runs of a DAG again, from what failed, unless they have been run again already',
    description: `Those created at or after \`since\`, at most ${BULK_MAX} a call, oldest first; \`more\` says that there are others left.`,
    params: strict({ dag: Ref }),
    body: strict({ since: Millis, from: Type.Optional(Retry.properties.from) }),
    responses: { 200: RunsOfDag },
    audit: 'run.retry',
  }),
  stopDags: route({
    ...control,
    path: '/api/v1/dags/stop',
    summary: 'Cancel the active runs of many DAGs; each DAG and each run is answered by itself',
    description: `At most ${BULK_MAX} runs a call; \`more\` says that there are others left.`,
    body: strict({ dags: Refs }),
    responses: { 200: RunsOfDags },
    audit: 'run.cancel',
  }),
  retryDags: route({
    ...control,
    access: 'run.trigger',
    path: '/api/v1/dags/retry',
    summary: 'Run the failed runs of many DAGs again, unless they have been run again already; each is answered by itself',
    description: `Those created at or after \`since\`, at most ${BULK_MAX} runs a call; \`more\` says that there are others left.`,
    body: strict({ dags: Refs, since: Millis, from: Type.Optional(Retry.properties.from) }),
    responses: { 200: RunsOfDags },
    audit: 'run.retry',
  }),
  cancelMany: route({ ...bulk, path: '/api/v1/runs/cancel', summary: 'Cancel many runs', audit: 'run.cancel' }),
  pauseMany: route({ ...bulk, path: '/api/v1/runs/pause', summary: 'Pause many runs', audit: 'run.pause' }),
  resumeMany: route({ ...bulk, path: '/api/v1/runs/resume', summary: 'Resume many runs', audit: 'run.resume' }),
  retryMany: route({
    ...bulk,
    access: 'run.trigger',
    path: '/api/v1/runs/retry',
    summary: 'Run many again: from their start, or from what failed',
    body: strict({ ...RunIds.properties, from: Type.Optional(Retry.properties.from) }),
    audit: 'run.retry',
  }),
  purge: route({
    method: 'POST',
    path: '/api/v1/runs/purge',
    access: 'run.purge',
    tag: TAG,
    summary: 'Delete ended runs with their instances and logs: those of a task or a DAG, before an instant, all but the newest',
    description:
      'Names a task or a DAG, and not both, or says `before`. At most 5,000 runs a call, or as many as have 20,000 instances, oldest first; `more` says that there are others left.',
    body: strict(
      optional({
        task: BodyRef,
        dag: BodyRef,
        before: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'Ended before this instant' }),
        keep: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Keep this many newest of the task or DAG' }),
      }),
    ),
    responses: { 200: strict({ purged: Type.Integer(), more: Type.Boolean() }) },
    audit: 'run.purge',
  }),
}
