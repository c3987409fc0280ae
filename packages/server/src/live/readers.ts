import {
  executorAdminRoutes,
  instanceRoutes,
  LOG_LEVELS,
  overviewRoutes,
  runRoutes,
  scheduleRoutes,
  type LiveInstance,
  type LiveKinds,
  type LiveRunHead,
  type LiveTopic,
  type LogRecord,
  type Route,
} from '@carillon/contract'
import type { Permission } from '@carillon/core'
import { noSuch } from '../definition/versioned-object.ts'
import type { AppOptions } from '../http/app.ts'
import { ANONYMOUS } from '../http/auth.ts'
import { createContext, type ApiServices, type Context } from '../http/context.ts'
import { executorHandlers } from '../http/handlers/executors.ts'
import { instanceViews, reasonsFor } from '../http/handlers/instance-view.ts'
import { instanceHandlers } from '../http/handlers/instances.ts'
import { overviewHandlers } from '../http/handlers/overview.ts'
import { runHandlers, runView } from '../http/handlers/runs.ts'
import { scheduleHandlers } from '../http/handlers/schedules.ts'
import { groupBy } from '../lifecycle/group.ts'
import { logTopic } from '../runtime/wake-hub.ts'
import { changeMark } from '../storage/change-mark.ts'
import type { Transaction } from '../storage/database.ts'
import { instancesOfRunSince, type ChangedInstance } from '../storage/instance-list.ts'
import { findLogExtent, instanceStage, listLogLines } from '../storage/log-list.ts'
import { findRun } from '../storage/run-list.ts'
import type { Look, Reader } from './topics.ts'
import type { SeenItem } from './view-items.ts'

type OfKind<K extends LiveTopic['kind']> = Extract<LiveTopic, { kind: K }>

/** What a kind of topic is: the REST route that shows the same, whose permission is needed, and how it is looked at. */
interface Kind<T extends LiveTopic> {
  readonly route: Route & { readonly access: Permission }
  /** `onError`: hears of what fails beside the thing itself. */
  reader(context: Context, topic: T, onError: (error: unknown) => void): Reader
}

const LIST_EVERY_MS = 1_000
const OVERVIEW_EVERY_MS = 2_000
const RUN_EVERY_MS = 500
const LOG_EVERY_MS = 250
/** For what has ended, and only purging can still change. */
const ENDED_REST_MS = 10_000
/** A line arrives within this time, if no hint came first. */
const LOG_REST_MS = 1_000

type Page = { readonly items: readonly { readonly id: number }[]; readonly nextCursor: string | null }

/** The first page of a list, as its route answers it: the same handler, so the same rows for the same filters. */
function list<T extends LiveTopic & { query?: object }>(
  route: Route & { readonly access: Permission },
  page: (query: NonNullable<T['query']> | Record<string, never>, context: Context) => Promise<Page>,
): Kind<T> {
  return {
    route,
    reader: (context, topic) => ({
      everyMs: LIST_EVERY_MS,
      async look() {
        const { items, nextCursor } = await page(topic.query ?? {}, context)
        const seen = items.map((item) => ({ id: item.id, value: item }))
        return { seq: 0, head: { nextCursor }, extent: 'WHOLE', items: seen, resumableFrom: null }
      },
    }),
  }
}

/** What has no items: it is shown as a whole. */
function whole<T extends LiveTopic & { query?: object }>(
  route: Route & { readonly access: Permission },
  answer: (query: NonNullable<T['query']> | Record<string, never>, context: Context) => Promise<unknown>,
): Kind<T> {
  return {
    route,
    reader: (context, topic) => ({
      everyMs: OVERVIEW_EVERY_MS,
      async look() {
        return { seq: 0, head: await answer(topic.query ?? {}, context), extent: 'WHOLE', items: [], resumableFrom: null }
      },
    }),
  }
}

const call = <Query>(query: Query) => ({ params: undefined, query, body: undefined })

const kinds: { readonly [K in LiveTopic['kind']]: Kind<OfKind<K>> } = {
  runs: list(runRoutes.list, (query, context) => runHandlers.list(call(query), context)),
  instances: list(instanceRoutes.list, (query, context) => instanceHandlers.list(call(query), context)),
  executors: list(executorAdminRoutes.list, (query, context) => executorHandlers.list(call(query), context)),
  schedules: list(scheduleRoutes.list, (query, context) => scheduleHandlers.list(call(query), context)),
  overview: whole(overviewRoutes.get, (query, context) => overviewHandlers.get(call(query), context)),
  run: { route: runRoutes.get, reader: readRun },
  log: { route: instanceRoutes.logs, reader: readLog },
}

/** The permission that a topic needs. */
export function accessOf({ kind }: LiveTopic): Permission {
  return kinds[kind].route.access
}

/** How a topic is looked at. Only the tenant decides what is seen: whoever may read sees the same, so equal topics are shared. */
export function readerOf(services: LiveServices, tenantId: number, topic: LiveTopic): Reader {
  const kind = kinds[topic.kind] as Kind<LiveTopic>
  return kind.reader(contextOf(services, kind.route, tenantId), topic, services.onError)
}

export type LiveServices = AppOptions['services'] &
  Pick<ApiServices, 'overviews'> & { readonly onError: (error: unknown) => void }

/** That of a request which reads over the connections of live views. */
function contextOf(services: LiveServices, route: Route, tenantId: number): Context {
  const { db, onError: _, ...rest } = services
  // The handlers that look use nothing of the rest.
  const reading = { ...rest, db: { ...db, read: db.live } } as ApiServices
  return createContext(reading, {
    route,
    principal: { ...ANONYMOUS, tenantId, role: 'viewer' },
    requestId: 'live',
    address: '',
    idempotency: null,
    signal: new AbortController().signal,
    header: () => undefined,
    secure: false,
    answerWith: () => undefined,
    assertOwnOrigin: () => undefined,
  })
}

/** After the first look, only what has changed since the one before is read: see `changeMark`. */
function readRun(context: Context, { run }: OfKind<'run'>, onError: (error: unknown) => void): Reader {
  const { tenantId } = context
  const reasons = createReasons(context, onError)
  let since = 0
  let more = false
  return {
    everyMs: RUN_EVERY_MS,
    async look() {
      const { mark, row, items, changed } = await context.read(async (tx) => {
        const mark = await changeMark(tx)
        const row = await findRun(tx, tenantId, run)
        if (!row) throw noSuch('run')
        const found = await instancesOfRunSince(tx, tenantId, run, since)
        more ||= found.more
        return { mark, row, items: await runItems(tx, context, found.instances), changed: found.instances }
      })
      const waiting = await reasons.after(changed)
      // Last: what a look that fails has read is read again by the next one.
      since = mark
      const head: LiveRunHead = { ...runView(row), more, waiting }
      const restMs = row.endedAt === null ? 0 : ENDED_REST_MS
      return { seq: mark, head, extent: 'CHANGED', items, resumableFrom: 0, restMs }
    },
  }
}

type Reasons = NonNullable<LiveRunHead['waiting']>

const REASONS_EVERY_MS = 2_000
/** Of a run, and of one node and what it waits for: a thousand that wait, wait for the same few things. */
const MOST_REASONS = 100
const MOST_ALIKE = 3

/**
 * Why instances of a run do not run. What keeps them changes without them, so it is asked anew now and then. Those that wait for their parents wait
 * as planned, and those that came to wait since the look before may be gone by the next one: both are left out.
 */
function createReasons(
  context: Context,
  onError: (error: unknown) => void,
): { after(changed: readonly ChangedInstance[]): Promise<Reasons> } {
  const waiting = new Map<number, Waiting>()
  let known: Reasons = []
  let askedAt = Number.NEGATIVE_INFINITY
  return {
    async after(changed) {
      const held = new Set(waiting.keys())
      for (const { id, state, waitReason, node } of changed) {
        if ((state === 'PENDING' || state === 'WAITING') && waitReason !== 'DEPENDENCY')
          waiting.set(id, { id, state, kind: `${node} ${state} ${waitReason}` })
        else waiting.delete(id)
      }
      const outdated = new Set(changed.map(({ id }) => id))
      known = known.filter(({ instance }) => waiting.has(instance) && !outdated.has(instance))
      const asked = someOfEachKind([...waiting.values()].filter(({ id }) => held.has(id)))
      const due = known.length === 0 || performance.now() - askedAt >= REASONS_EVERY_MS
      if (asked.length === 0 || !due) return known
      try {
        known = [...(await reasonsFor(context, asked))].map(([instance, why]) => ({ instance, why }))
      } catch (error) {
        // The run itself is shown all the same.
        onError(error)
      }
      askedAt = performance.now()
      return known
    },
  }
}

interface Waiting extends Pick<ChangedInstance, 'id' | 'state'> {
  /** Those of a kind wait for the same. */
  readonly kind: string
}

function someOfEachKind(waiting: readonly Waiting[]): readonly Waiting[] {
  return [...groupBy(waiting, ({ kind }) => kind).values()].flatMap((alike) => alike.slice(0, MOST_ALIKE)).slice(0, MOST_REASONS)
}

async function runItems(tx: Transaction, context: Context, instances: readonly ChangedInstance[]): Promise<SeenItem[]> {
  const rows = instances.map(({ stamp: _, hasOutput: __, errorLeftOut: ___, ...row }) => ({ ...row, output: null }))
  const views = await instanceViews(tx, context, rows)
  return views.map(({ output: _, ...view }, place) => {
    const { stamp, hasOutput, errorLeftOut } = instances[place]!
    const value: LiveInstance = { ...view, hasOutput, errorLeftOut }
    return { id: view.id, value, stamp }
  })
}

/** Lines that a log topic keeps, and the most that one look reads. */
const MOST_LINES = 1_000

/** The last lines and those that come. What comes faster than it can be shown is left out: the numbers of the lines say so, and REST has them all. */
function readLog(context: Context, { instance, attempt: wanted, level }: OfKind<'log'>): Reader {
  const { tenantId } = context
  const levels = level === undefined ? undefined : LOG_LEVELS.slice(LOG_LEVELS.indexOf(level))
  let attempt = wanted
  let position: number | null = null
  return {
    everyMs: LOG_EVERY_MS,
    hint: logTopic(instance),
    most: MOST_LINES,
    look: () =>
      context.read(async (tx): Promise<Look> => {
        // First whether it has ended, then how far it goes, then the lines: what is stored in between is never taken for missing.
        const stage = await instanceStage(tx, tenantId, instance)
        if (!stage) throw noSuch('task instance')
        attempt ??= stage.attempt
        const ended = stage.ended || attempt < stage.attempt
        const { lastSeq, lines, bytes, cut } = await findLogExtent(tx, tenantId, instance, attempt)
        const head: LiveKinds['log']['head'] = { attempt, ended, lines, bytes, cut }
        const filters = { instance, attempt, levels }
        const onward = position !== null && lastSeq - position <= MOST_LINES ? position : null
        const request = onward === null ? { order: '-seq', filters } : { order: 'seq', filters: { ...filters, after: onward } }
        const page = await listLogLines(tx, tenantId, { ...request, limit: MOST_LINES })
        const found: LogRecord[] = onward === null ? page.items.toReversed() : page.items
        const isFirst = position === null
        position = Math.max(onward ?? 0, lastSeq, found.at(-1)?.seq ?? 0)
        return {
          seq: position + 1,
          head,
          extent: onward === null && !isFirst ? 'WHOLE' : 'CHANGED',
          items: found.map((line) => ({ id: line.seq, value: { id: line.seq, ...line }, stamp: line.seq })),
          resumableFrom: onward === null ? (found.length < MOST_LINES ? 0 : found[0]!.seq) : 0,
          restMs: ended ? ENDED_REST_MS : LOG_REST_MS,
        }
      }),
  }
}
