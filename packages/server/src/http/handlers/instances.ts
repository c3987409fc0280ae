import { DEFAULT_LIMIT, LINES_A_SEARCH, LOG_LEVELS, type instanceRoutes, type LogLevel, type LogRecord } from '@carillon/contract'
import { approvalRoles, CarillonError } from '@carillon/core'
import type { NodeAction } from '../../lifecycle/lifecycle.ts'
import { judgeOverrides, secretsBeside } from '../../definition/secret.ts'
import { assertParams, mayRun } from '../../definition/trigger.ts'
import { noSuch } from '../../definition/versioned-object.ts'
import { logTopic } from '../../runtime/wake-hub.ts'
import type { Transaction } from '../../storage/database.ts'
import {
  attemptsOf,
  findInstance,
  listInstances,
  paramsOfInstance,
  waitedOf,
  type InstanceRow,
} from '../../storage/instance-list.ts'
import { runnableByOf } from '../../storage/run-list.ts'
import { findLogExtent, instanceStage, lastLogLine, listLogLines } from '../../storage/log-list.ts'
import type { Context, Handlers } from '../context.ts'
import { attemptViews, instanceViews, reasonsFor, waitsOf } from './instance-view.ts'

export const instanceHandlers: Handlers<typeof instanceRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, context) =>
    context.read(async (tx) => {
      const page = await listInstances(tx, context.tenantId, { order: '-id', limit, cursor, filters })
      return { items: await instanceViews(tx, context, page.items), nextCursor: page.nextCursor }
    }),
  get: async ({ params }, context) => {
    const { row, view, kept, given, waited } = await context.read(async (tx) => {
      const found = await findInstance(tx, context.tenantId, params.instance)
      if (!found) throw noSuch('task instance')
      const [only] = await instanceViews(tx, context, [found])
      const [kept, given, waited] = await Promise.all([
        attemptsOf(tx, context.tenantId, found.id),
        paramsOfInstance(tx, context.tenantId, found.id),
        waitedOf(tx, context.tenantId, found.id),
      ])
      return { row: found, view: only!, kept, given, waited }
    })
    const why = (await reasonsFor(context, [row])).get(row.id) ?? null
    const attempts = attemptViews(row, kept)
    const waits = waited === undefined ? [] : await waitsOf(context, row, attempts, why, waited)
    return { ...view, params: given, attempts, why, waits }
  },
  approve: ({ params, body }, context) => decide(context, 'APPROVE', params.instance, body.comment),
  reject: ({ params, body }, context) => decide(context, 'REJECT', params.instance, body.comment),
  skip: async ({ params }, context) => {
    await instanceIn(context, params.instance)
    return control(context, { kind: 'SKIP', tenantId: context.tenantId, instanceId: params.instance })
  },
  cancel: async ({ params }, context) => {
    await instanceIn(context, params.instance)
    return control(context, { kind: 'CANCEL', tenantId: context.tenantId, instanceId: params.instance })
  },
  retry: async ({ params, body: { params: changed } }, context) => {
    const { tenantId } = context
    await assertMayRetry(context, await instanceIn(context, params.instance), changed)
    return control(context, { kind: 'RETRY', tenantId, instanceId: params.instance, ...(changed ? { params: changed } : {}) })
  },
  run: async ({ params }, context) => {
    await instanceIn(context, params.instance)
    return control(context, { kind: 'RUN', tenantId: context.tenantId, instanceId: params.instance })
  },
  logs: ({ params, query: { attempt: wanted, level, limit = DEFAULT_LIMIT, cursor, q, after } }, { read, tenantId }) =>
    read(async (tx) => {
      const { attempt } = await stageOf(tx, tenantId, params.instance, wanted)
      const { lines, bytes, cut } = await findLogExtent(tx, tenantId, params.instance, attempt)
      const filters = { instance: params.instance, attempt, levels: levelsFrom(level), q, after }
      // Both go to PostgreSQL at once.
      const [page, lastSeq] = await Promise.all([
        listLogLines(tx, tenantId, { order: 'seq', limit, cursor, filters }),
        lastLogLine(tx, tenantId, params.instance, attempt),
      ])
      return { ...page, attempt, lines, lastSeq, bytes, cut }
    }),
  logSearch: ({ params, query: { attempt: wanted, level, limit = DEFAULT_LIMIT, q, after = 0 } }, { read, tenantId }) =>
    read(async (tx) => {
      const { attempt } = await stageOf(tx, tenantId, params.instance, wanted)
      const upTo = after + LINES_A_SEARCH
      const filters = { instance: params.instance, attempt, levels: levelsFrom(level), q, after, upTo }
      const [{ items, nextCursor }, lastSeq] = await Promise.all([
        listLogLines(tx, tenantId, { order: 'seq', limit, filters }),
        lastLogLine(tx, tenantId, params.instance, attempt),
      ])
      const isRest = nextCursor === null && upTo >= lastSeq
      return { items, attempt, next: isRest ? null : nextCursor === null ? upTo : items.at(-1)!.seq }
    }),
  logText: async ({ params, query }, context) => {
    const { attempt } = await context.read((tx) => stageOf(tx, context.tenantId, params.instance, query.attempt))
    return textOf(context, params.instance, attempt)
  },
  logTail: async ({ params, query: { attempt: wanted, level, after } }, context) => {
    const { attempt } = await context.read((tx) => stageOf(tx, context.tenantId, params.instance, wanted))
    const resumed = Number(context.header('last-event-id'))
    const from = Number.isSafeInteger(resumed) && resumed > 0 ? resumed : (after ?? 0)
    return tail(context, params.instance, attempt, level, from)
  },
}

export async function instanceIn({ read, tenantId }: Context, id: number): Promise<InstanceRow> {
  const found = await read((tx) => findInstance(tx, tenantId, id))
  if (!found) throw noSuch('task instance')
  return found
}

/** Who may decide is said by the node itself. */
async function decide(context: Context, kind: 'APPROVE' | 'REJECT', instanceId: number, comment: string | undefined) {
  const { tenantId, principal, services } = context
  const { planId, node } = await instanceIn(context, instanceId)
  const planOf = await services.db.peek(tenantId, (tx) => services.plans.load(tx, [{ tenantId, planId }]))
  const does = planOf({ tenantId, planId }).nodes[node]!.control?.does
  if (does?.kind !== 'APPROVAL') throw new CarillonError('STATE_CONFLICT', 'It is no node that waits for approval.')
  const roles = approvalRoles(does.approval)
  if (!roles.includes(principal.role))
    throw new CarillonError('FORBIDDEN', `This is decided by the roles ${roles.join(', ')}; yours is ${principal.role}.`)
  return control(context, { kind, tenantId, instanceId, by: principal.name, comment: comment ?? null })
}

/** Who may run what the run runs may run a node of it again; with parameters that the node's schema allows over those that it had. */
export async function assertMayRetry(
  { read, tenantId, principal, services }: Context,
  { runId, planId, node, id }: InstanceRow,
  changed: Record<string, unknown> | undefined,
): Promise<void> {
  const [run] = await read((tx) => runnableByOf(tx, tenantId, [runId]))
  if (run && !mayRun(run.runnableBy, principal.role)) throw new CarillonError('FORBIDDEN', 'Your role may not run this.')
  if (!changed) return
  const key = { tenantId, planId }
  const planOf = await services.db.peek(tenantId, (tx) => services.plans.load(tx, [key]))
  const had = await read((tx) => paramsOfInstance(tx, tenantId, id))
  const its = planOf(key).nodes[node]!
  assertParams({ paramsBytes: services.limits.paramsBytes }, { params: had ?? {}, paramsSchema: its.paramsSchema }, changed)
  const beside = secretsBeside(its, changed)
  const judge = await services.db.peek(tenantId, (tx) => judgeOverrides(tx, { tenantId, role: principal.role }, beside))
  const refusal = judge(beside)
  if (refusal) throw refusal
}

/** The effect and its audit row in one transaction. */
export function control(
  { changePlatform, services }: Context,
  action: NodeAction,
): Promise<{ instanceId: number; runId: number; newInstanceId?: number }> {
  const { tenantId: _, instanceId, ...after } = action
  return changePlatform(async ({ tx }) => {
    const result = await services.lifecycle.controlNode(tx, action)
    if (result.kind === 'REFUSED') throw new CarillonError('STATE_CONFLICT', result.detail)
    const made = result.instanceId === undefined ? {} : { newInstanceId: result.instanceId }
    const answer = { instanceId, runId: result.runId, ...made }
    return { answer, object: { kind: 'instance', id: instanceId }, before: null, after: { ...after, ...made } }
  })
}

async function stageOf(tx: Transaction, tenantId: number, instanceId: number, wanted: number | undefined) {
  const stage = await instanceStage(tx, tenantId, instanceId)
  if (!stage) throw noSuch('task instance')
  const attempt = wanted ?? stage.attempt
  return { attempt, ended: stage.ended || attempt < stage.attempt }
}

function levelsFrom(level: LogLevel | undefined): readonly LogLevel[] | undefined {
  return level === undefined ? undefined : LOG_LEVELS.slice(LOG_LEVELS.indexOf(level))
}

const LINES_A_READ = 1_000

function readLines(
  { read, tenantId }: Context,
  instance: number,
  attempt: number,
  after: number,
  level?: LogLevel,
): Promise<LogRecord[]> {
  const filters = { instance, attempt, after, levels: levelsFrom(level) }
  return read(async (tx) => (await listLogLines(tx, tenantId, { order: 'seq', limit: LINES_A_READ, filters })).items)
}

/** The whole log, read in pieces: it may be longer than memory should hold. */
async function* textOf(context: Context, instance: number, attempt: number): AsyncGenerator<string> {
  for (let after = 0; ;) {
    const lines = await readLines(context, instance, attempt, after)
    yield lines
      .map(({ at, level, source, text }) => `${new Date(at).toISOString()} ${level.padEnd(5)} ${source} ${text}\n`)
      .join('')
    if (lines.length < LINES_A_READ) return
    after = lines.at(-1)!.seq
  }
}

/** A stored line arrives within this time, if no hint came first. */
const LOOK_EVERY_MS = 1_000

/** Lines as they are stored. When the attempt has ended and nothing is left, an event says so and the stream ends. */
async function* tail(
  context: Context,
  instance: number,
  attempt: number,
  level: LogLevel | undefined,
  from: number,
): AsyncGenerator<string> {
  const { services, tenantId, signal } = context
  yield 'retry: 1000\n\n'
  for (let after = from; !signal.aborted;) {
    // First whether it has ended, then what there is: lines are stored before the end, so none can come after such an answer.
    const { ended } = await context.read((tx) => stageOf(tx, tenantId, instance, attempt))
    const lines = await readLines(context, instance, attempt, after, level)
    if (lines.length > 0) yield lines.map(eventOf).join('')
    after = lines.at(-1)?.seq ?? after
    if (lines.length === LINES_A_READ) continue
    if (ended) return yield 'event: end\ndata: {}\n\n'
    if (lines.length === 0) yield ': waiting\n\n'
    await services.hub.wait([logTopic(instance)], LOOK_EVERY_MS, signal)
  }
}

function eventOf(line: LogRecord): string {
  return `id: ${line.seq}\nevent: line\ndata: ${JSON.stringify(line)}\n\n`
}
