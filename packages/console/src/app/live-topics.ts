import type { LiveInstance, LiveKinds, LiveTopic, Overview, RunDetail, Why } from '@carillon/contract'
import type { LiveView } from '@carillon/contract/live-client'

/** What the server is asked to tell of, and how what it tells becomes what its REST route answers. */
export interface Topic<T> {
  readonly topic: LiveTopic
  readonly dataOf: (view: LiveView) => T
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

type Kind = LiveTopic['kind']
type TopicOf<K extends Kind> = Extract<LiveTopic, { kind: K }>
type ListKind = 'runs' | 'instances' | 'executors' | 'schedules'

function topicOf<K extends Kind, T>(topic: TopicOf<K>, dataOf: (view: LiveView<K>) => T): Topic<T> {
  return { topic, dataOf: dataOf as unknown as (view: LiveView) => T }
}

/** The first page of a list. Its query is that of the REST route, with the same limit. */
export function listTopic<K extends ListKind>(topic: TopicOf<K>): Topic<Page<LiveKinds[K]['item']>> {
  return topicOf<K, Page<LiveKinds[K]['item']>>(topic, ({ head, items }) => ({
    items: items as readonly LiveKinds[K]['item'][],
    nextCursor: (head as LiveKinds[ListKind]['head']).nextCursor,
  }))
}

export function overviewTopic(tenant: string, since: number): Topic<Overview> {
  return topicOf<'overview', Overview>({ kind: 'overview', tenant, query: { since } }, ({ head }) => head)
}

export function runTopic(tenant: string, run: number): Topic<RunDetail> {
  return topicOf<'run', RunDetail>({ kind: 'run', tenant, run }, runOf)
}

/** Outputs, and errors that are long, are left to the look at one instance. A node of the version before says nothing of what waits. */
export function runOf({ head: { waiting = [], ...run }, items }: LiveView<'run'>): RunDetail {
  const reasons = new Map(waiting.map(({ instance, why }) => [instance, why]))
  return { ...run, instances: items.map((row) => instanceOf(row, reasons.get(row.id) ?? null)) }
}

type RunInstance = RunDetail['instances'][number]

/** Of rows that have not changed the same objects as before, so that nothing of them is drawn again. */
const made = new WeakMap<LiveInstance, RunInstance>()

function instanceOf(row: LiveInstance, why: Why | null): RunInstance {
  const known = made.get(row)
  if (known !== undefined && why === null && known.why === null) return known
  const { hasOutput, ...rest } = row
  const instance = { ...rest, output: null, outputLeftOut: hasOutput, why }
  made.set(row, instance)
  return instance
}

export interface LogExtent {
  /** Number of the last line; 0: there is none. */
  readonly lastSeq: number
  readonly cut: boolean
}

export function logTopic(tenant: string, instance: number, attempt: number): Topic<LogExtent> {
  return topicOf<'log', LogExtent>({ kind: 'log', tenant, instance, attempt }, ({ head, items }) => ({
    lastSeq: items.at(-1)?.seq ?? 0,
    cut: head.cut,
  }))
}
