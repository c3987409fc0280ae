import {
  BULK_MAX,
  DEFAULT_LIMIT,
  type DagRunsResult,
  type Run,
  type runRoutes,
  type RunResult,
  type Trigger,
  type TriggerItem,
  type TriggerResult,
} from '@carillon/contract'
import { CarillonError, type RunOrigin } from '@carillon/core'
import { bulkResult } from '../../definition/bulk.ts'
import { purge } from '../../definition/purge.ts'
import {
  assertParams,
  findTriggerable,
  mayRun,
  prepareTriggers,
  recallTrigger,
  type Asker,
  type PreparedTrigger,
  type TriggerAsk,
} from '../../definition/trigger.ts'
import { judgeOverrides, secretsBeside } from '../../definition/secret.ts'
import { noSuch } from '../../definition/versioned-object.ts'
import type { AuditEntry, ControlResult, Lifecycle, RetryHow, StartRequest, StartResult } from '../../lifecycle/lifecycle.ts'
import { groupBy } from '../../lifecycle/group.ts'
import { selectTriggerableDags } from '../../storage/dag.ts'
import { instancesOfRun } from '../../storage/instance-list.ts'
import type { Transaction } from '../../storage/database.ts'
import {
  activeRunsOf,
  failedRunsOf,
  findRun,
  listRuns,
  runnableByOf,
  type RunOfDag,
  type RunRow,
} from '../../storage/run-list.ts'
import type { Context, Handlers } from '../context.ts'
import { requestHash } from '../idempotency.ts'
import { instanceViews, reasonsFor } from './instance-view.ts'

export const runHandlers: Handlers<typeof runRoutes> = {
  trigger: ({ params, body }, context) => startOne(context, { ...body, task: params.task }),
  triggerDag: ({ params, body: { key: runKey, ...body } }, context) =>
    startOne(context, { ...body, dag: params.dag, ...(runKey === undefined ? {} : { runKey }) }),
  triggerMany: async ({ body: { items } }, context) => {
    // Under one key for the whole request, each item has a key of its own: repeated, the request finds every run again.
    const shared = context.idempotency?.key
    const asks = items.map((item, place) => askOf(item, item.idempotencyKey ?? (shared && `${shared}#${place}`)))
    const results = await start(context, await prepare(context, asks))
    return bulkResult(results.map((result, place) => itemResult(asks[place]!, result, place)))
  },
  list: async ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) => {
    const page = await read((tx) => listRuns(tx, tenantId, { order: '-id', limit, cursor, filters }))
    return { items: page.items.map(runView), nextCursor: page.nextCursor }
  },
  get: async ({ params }, context) => {
    const { run, instances, more } = await context.read(async (tx) => {
      const row = await findRun(tx, context.tenantId, params.run)
      if (!row) throw noSuch('run')
      const found = await instancesOfRun(tx, context.tenantId, row.id)
      const views = await instanceViews(tx, context, found.instances)
      const instances = views.map((view, place) => {
        const { outputLeftOut, errorLeftOut } = found.instances[place]!
        return { ...view, outputLeftOut, errorLeftOut }
      })
      return { run: row, instances, more: found.more }
    })
    const why = await reasonsFor(context, instances)
    return { ...runView(run), instances: instances.map((each) => ({ ...each, why: why.get(each.id) ?? null })), more }
  },
  cancel: ({ params }, context) => controlOne(context, 'cancelRuns', params.run),
  pause: ({ params }, context) => controlOne(context, 'pauseRuns', params.run),
  resume: ({ params }, context) => controlOne(context, 'resumeRuns', params.run),
  retry: async ({ params, body: { from = 'START', params: changed } }, context) => {
    if (changed !== undefined) await checkChanged(context, params.run, changed)
    return controlOne(context, 'retryRuns', params.run, { from, ...(changed === undefined ? {} : { params: changed }) })
  },
  stopDag: ({ params }, context) => controlOfDag(context, params.dag, STOP),
  retryDag: ({ params, body }, context) => controlOfDag(context, params.dag, retryFailed(body)),
  stopDags: ({ body }, context) => controlOfDags(context, body.dags.map(String), STOP),
  retryDags: ({ body: { dags, ...how } }, context) => controlOfDags(context, dags.map(String), retryFailed(how)),
  cancelMany: ({ body }, context) => controlMany(context, 'cancelRuns', body.runs),
  pauseMany: ({ body }, context) => controlMany(context, 'pauseRuns', body.runs),
  resumeMany: ({ body }, context) => controlMany(context, 'resumeRuns', body.runs),
  retryMany: ({ body }, context) => controlMany(context, 'retryRuns', body.runs, body.from && { from: body.from }),
  purge: ({ body }, context) => context.changePlatform((edit) => purge(edit, body)),
}

/** `key`: under which it is asked once. */
type Ask = TriggerAsk & { readonly [Name in keyof Trigger | 'key']?: (Trigger & { key: string })[Name] | undefined }

/** Spelled out: copies to which something is added cost microseconds each, and requests have a thousand items. */
function askOf(
  { task, dag, key: runKey, params, version, priority, bypassConcurrency, force }: TriggerItem,
  key: string | undefined,
): Ask {
  return {
    task: task === undefined ? undefined : String(task),
    dag: dag === undefined ? undefined : String(dag),
    params,
    version,
    runKey,
    priority,
    bypassConcurrency,
    force,
    key,
  }
}

type Prepared = readonly PreparedTrigger<Ask>[]

function prepare(context: Context, asks: readonly Ask[]): Promise<Prepared> {
  const asker = askerOf(context, ...asks)
  return context.services.db.peek(context.tenantId, (tx) => prepareTriggers(tx, asker, asks))
}

/** From memory first, which saves a look-up; what has changed since is prepared anew. */
async function startOne(context: Context, ask: Ask) {
  const keyed = { ...ask, key: context.idempotency?.key }
  const recalled = recallTrigger(askerOf(context, keyed), keyed)
  const foreseen = recalled && (await startPrepared(context, recalled))
  if (foreseen && !isOutdated(foreseen)) return startedOf(foreseen)
  const [prepared] = await prepare(context, [keyed])
  return startedOf(await startPrepared(context, prepared!))
}

async function startPrepared(context: Context, prepared: PreparedTrigger<Ask>): Promise<StartResult> {
  if ('refusal' in prepared) throw prepared.refusal
  const [result] = await start(context, [prepared])
  if (result instanceof CarillonError) throw result
  return result!
}

const isOutdated = (result: StartResult) => result.kind === 'REFUSED' && result.outdated === true

/** Who asks, if the role permits what is asked for beside the run itself. */
function askerOf(context: Context, ...asks: readonly Pick<Ask, 'bypassConcurrency' | 'force'>[]): Asker {
  if (asks.some((ask) => ask.bypassConcurrency)) context.require('run.bypass')
  if (asks.some((ask) => ask.force)) context.require('run.force')
  const { tenantId, principal, services } = context
  const { plans, tasks, limits } = services
  return { tenantId, role: principal.role, plans, tasks, paramsBytes: limits.paramsBytes }
}

function startedOf(result: StartResult) {
  if (result.kind === 'REFUSED') throw new CarillonError(result.code, result.detail)
  const { runId, state, reason, replayed } = result
  return { runId, state, reason, replayed }
}

type Ready = Extract<PreparedTrigger<Ask>, { target: unknown }>

/** Starts what may be started; each item is answered by itself, in the order of the request. */
async function start(context: Context, prepared: Prepared): Promise<(StartResult | CarillonError)[]> {
  const ready = prepared.flatMap((item) => ('target' in item ? [item] : []))
  const audit = auditOf(
    context,
    prepared.map((item) => item.ask),
    ready,
  )
  if (ready.length === 0) await context.recordOnly(audit)
  const requests = ready.map((item) => startRequest(context, item, audit))
  const results = requests.length === 0 ? [] : await context.services.lifecycle.startRuns(requests)
  const started = new Map(ready.map(({ ask }, place) => [ask, results[place]!]))
  return prepared.map((item) => ('refusal' in item ? item.refusal : started.get(item.ask)!))
}

const OBJECT_KINDS = { TASK: 'task', DAG: 'dag' } as const

function auditOf(context: Context, asks: readonly Ask[], ready: readonly Ready[]): AuditEntry {
  const only = asks.length === 1 && ready.length === 1 ? ready[0]!.target : null
  const items = asks.map(({ key: _, ...ask }) => ask)
  const kind = only ? OBJECT_KINDS[only.kind] : asks.every((ask) => ask.dag !== undefined) ? 'dag' : 'task'
  return context.audited({ kind, id: only?.id ?? null }, null, only === null ? { items } : items[0])
}

function startRequest(context: Context, { ask, target, planId, nodes, expects }: Ready, audit: AuditEntry): StartRequest {
  const { tenantId, principal } = context
  const { params = {}, priority, bypassConcurrency, force, key, version, runKey } = ask
  const ofDag = target.kind === 'DAG' ? { version, runKey } : {}
  return {
    tenantId,
    target,
    origin: originOf(context),
    startedBy: principal.name,
    params,
    audit,
    nodes,
    ...(planId === null ? {} : { planId }),
    ...(expects === undefined ? {} : { expects }),
    ...(runKey === undefined ? {} : { runKey }),
    ...(priority === undefined ? {} : { priority }),
    ...(bypassConcurrency === undefined ? {} : { bypassConcurrency }),
    ...(force === undefined ? {} : { force }),
    ...(key === undefined
      ? {}
      : { idempotency: keyOf(context, key, { target: target.id, params, priority, bypassConcurrency, force, ...ofDag }) }),
  }
}

function keyOf({ principal }: Context, key: string, request: unknown): NonNullable<StartRequest['idempotency']> {
  return { principal: principal.key, route: 'run.trigger', key, requestHash: requestHash(request) }
}

const ORIGINS: Readonly<Record<string, RunOrigin>> = { console: 'CONSOLE', cli: 'CLI' }

/** The console and the CLI say who they are; it is told to people and decides nothing. */
function originOf(context: Context): RunOrigin {
  return ORIGINS[context.header('carillon-client') ?? ''] ?? 'API'
}

function itemResult({ task, dag }: Ask, result: StartResult | CarillonError, place: number): TriggerResult {
  if (!(result instanceof CarillonError) && result.kind === 'STARTED') {
    const { runId, state, reason, replayed } = result
    // Not a copy to which something is added: see `askOf`.
    return task === undefined
      ? { dag: dag!, ok: true, runId, state, reason, replayed }
      : { task, ok: true, runId, state, reason, replayed }
  }
  const of = task === undefined ? { dag: dag! } : { task }
  if (result instanceof CarillonError) {
    const problems = result.problems.map(({ path, message }) => ({
      path: path.replace('/body', `/body/items/${place}`),
      message,
    }))
    return { ...of, ok: false, code: result.code, detail: result.message, ...(problems.length > 0 ? { problems } : {}) }
  }
  return { ...of, ok: false, code: result.code, detail: result.detail }
}

export type ControlName = 'cancelRuns' | 'pauseRuns' | 'resumeRuns' | 'retryRuns'

/** Changed parameters over those of the run, under the schema of its plan. */
async function checkChanged(
  { services, tenantId, principal }: Context,
  runId: number,
  changed: Record<string, unknown>,
): Promise<void> {
  await services.db.peek(tenantId, async (tx) => {
    const run = await findRun(tx, tenantId, runId)
    if (!run) throw noSuch('run')
    const key = { tenantId, planId: run.planId }
    const plan = (await services.plans.load(tx, [key]))(key)
    const { paramsSchema } = plan.dag ?? plan.nodes[0]!
    const had = { params: run.params as Record<string, unknown>, paramsSchema }
    assertParams({ paramsBytes: services.limits.paramsBytes }, had, changed)
    const beside = plan.dag ? [] : secretsBeside(plan.nodes[0]!, changed)
    const refusal = (await judgeOverrides(tx, { tenantId, role: principal.role }, beside))(beside)
    if (refusal) throw refusal
  })
}

async function controlOne(
  context: Context,
  name: ControlName,
  runId: number,
  how?: RetryHow,
): Promise<{ runId: number; newRunId?: number }> {
  const [known] = await context.read((tx) => runnableByOf(tx, context.tenantId, [runId]))
  if (!known) throw noSuch('run')
  if (name === 'retryRuns' && !mayRun(known.runnableBy, context.principal.role)) throw new CarillonError('FORBIDDEN', FORBIDDEN)
  const [{ ok, code, detail, ...done }] = (await control(context, name, [runId], how)) as [RunResult]
  if (!ok) throw new CarillonError(code!, detail!)
  return done
}

/** What is done to which runs of DAGs. */
interface ControlOfDags {
  readonly name: ControlName
  readonly how?: RetryHow
  select(tx: Transaction, tenantId: number, dagIds: readonly number[], most: number): Promise<RunOfDag[]>
}

const STOP: ControlOfDags = { name: 'cancelRuns', select: activeRunsOf }

const retryFailed = ({ since, from = 'FAILED' }: { since: number; from?: RetryHow['from'] }): ControlOfDags => ({
  name: 'retryRuns',
  how: { from, unlessRepeated: true },
  select: (tx, tenantId, dagIds, most) => failedRunsOf(tx, tenantId, dagIds, since, most),
})

async function controlOfDag(context: Context, ref: string, what: ControlOfDags): Promise<{ items: RunResult[]; more: boolean }> {
  const { items, more } = await controlOfDags(context, [ref], what)
  if (items[0]!.code === 'NOT_FOUND') throw noSuch('DAG')
  return { items: items[0]!.runs, more }
}

/** The same to many runs of DAGs; one more is asked for than a call takes, to know whether any are left. */
async function controlOfDags(context: Context, refs: readonly string[], { name, how, select }: ControlOfDags) {
  const { tenantId } = context
  const { idOf, found } = await context.read(async (tx) => {
    const dags = await findTriggerable(tx, tenantId, refs, selectTriggerableDags)
    const ids = [...new Set(refs.flatMap((ref) => dags.get(ref)?.id ?? []))]
    return { idOf: (ref: string) => dags.get(ref)?.id, found: await select(tx, tenantId, ids, BULK_MAX + 1) }
  })
  const taken = found.slice(0, BULK_MAX)
  const results = await control(
    context,
    name,
    taken.map((run) => run.id),
    how,
  )
  const dagOf = new Map(taken.map((run) => [run.id, run.dagId]))
  const runsOf = groupBy(results, (result) => dagOf.get(result.runId))
  const items = refs.map((dag): DagRunsResult => {
    const id = idOf(dag)
    if (id === undefined) return { dag, ok: false, code: 'NOT_FOUND', detail: noSuch('DAG').message, runs: [] }
    const runs = runsOf.get(id) ?? []
    return { dag, ok: runs.every((run) => run.ok), runs: [...runs] }
  })
  return { ...bulkResult(items), more: found.length > BULK_MAX }
}

async function controlMany(context: Context, name: ControlName, runIds: readonly number[], how?: RetryHow) {
  return bulkResult(await control(context, name, runIds, how))
}

/** `asked`: what else the audit trail keeps of the request. */
export async function control(
  context: Context,
  name: ControlName,
  runIds: readonly number[],
  how?: RetryHow,
  asked: object = {},
): Promise<RunResult[]> {
  const { tenantId, principal, services } = context
  const refused = name === 'retryRuns' ? await refusedToRun(context, runIds) : new Set<number>()
  const allowed = runIds.filter((id) => !refused.has(id))
  const audit = context.audited({ kind: 'run', id: runIds.length === 1 ? runIds[0]! : null }, null, {
    ...asked,
    runs: runIds,
    ...how,
  })
  const act: Lifecycle['retryRuns'] = services.lifecycle[name]
  if (allowed.length === 0) await context.recordOnly(audit)
  const done = allowed.length === 0 ? [] : await act(tenantId, allowed, principal.name, audit, how)
  const results = new Map(done.map((result) => [result.runId, result]))
  return runIds.map((id) => (refused.has(id) ? forbidden(id) : resultOf(id, results.get(id))))
}

/** Runs of what this role may not run. */
async function refusedToRun({ read, tenantId, principal }: Context, runIds: readonly number[]): Promise<Set<number>> {
  const runs = await read((tx) => runnableByOf(tx, tenantId, runIds))
  return new Set(runs.filter((run) => !mayRun(run.runnableBy, principal.role)).map((run) => run.id))
}

const FORBIDDEN = 'Your role may not run this.'

function forbidden(runId: number): RunResult {
  return { runId, ok: false, code: 'FORBIDDEN', detail: FORBIDDEN }
}

function resultOf(runId: number, result: ControlResult | undefined): RunResult {
  switch (result?.kind) {
    case 'DONE':
      return { runId, ok: true, ...(result.newRunId === undefined ? {} : { newRunId: result.newRunId }) }
    case 'REFUSED':
      return { runId, ok: false, code: 'STATE_CONFLICT', detail: result.detail }
    default:
      return { runId, ok: false, code: 'NOT_FOUND', detail: noSuch('run').message }
  }
}

export function runView({ targetId, targetCode, planId, planVersion, scheduleId, scheduleCode, ...row }: RunRow): Run {
  const target = { id: targetId, code: targetCode }
  return {
    ...row,
    task: row.kind === 'TASK' ? target : null,
    dag: row.kind === 'DAG' ? { ...target, version: planVersion } : null,
    plan: { id: planId, version: planVersion },
    schedule: scheduleId === null ? null : { id: scheduleId, code: scheduleCode },
  }
}
