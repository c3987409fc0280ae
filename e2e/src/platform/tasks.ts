import type { Policies } from '@carillon/contract'

/** When a schedule of the scenarios fires. The oracle understands exactly these. */
export type EveryTiming =
  | { readonly kind: 'FIXED_RATE'; readonly everyMs: number }
  /** Quartz, in UTC: a step in the field of seconds and stars behind it. */
  | { readonly kind: 'CRON'; readonly everySeconds: number }

export interface TaskShape {
  readonly code: string
  readonly params: { readonly ms: number; readonly failures?: number }
  readonly policies?: Policies
  readonly schedules: readonly { readonly timing: EveryTiming; readonly params?: Readonly<Record<string, unknown>> }[]
  /** Code of the task that follows a success; it stands before this one in the list. */
  readonly then?: string
}

const everySecond: EveryTiming = { kind: 'FIXED_RATE', everyMs: 1_000 }
const cron = (everySeconds: number): EveryTiming => ({ kind: 'CRON', everySeconds })

/** One task for each promise: at least once, at most once, each way to limit concurrency, a retry, a chain. */
export const TASKS: readonly TaskShape[] = [
  { code: 'after', params: { ms: 5 }, schedules: [] },
  { code: 'steady', params: { ms: 20 }, schedules: [{ timing: everySecond }, { timing: cron(1) }], then: 'after' },
  { code: 'once', params: { ms: 150 }, policies: { delivery: 'AT_MOST_ONCE' }, schedules: [{ timing: cron(1) }] },
  { code: 'flaky', params: { ms: 300, failures: 1 }, schedules: [{ timing: cron(2) }] },
  {
    code: 'limited',
    params: { ms: 400 },
    policies: { concurrency: { policy: 'PARALLEL', limit: 2 } },
    schedules: [{ timing: everySecond }],
  },
  {
    code: 'keyed',
    params: { ms: 60 },
    policies: { concurrency: { policy: 'KEYED', path: 'customer', each: 'SEQUENTIAL' } },
    schedules: [
      { timing: everySecond, params: { customer: 'a' } },
      { timing: cron(2), params: { customer: 'a' } },
      { timing: cron(2), params: { customer: 'b' } },
      { timing: cron(2), params: { customer: 'b' } },
    ],
  },
  {
    code: 'single',
    params: { ms: 1_300 },
    policies: { concurrency: { policy: 'SINGLETON' } },
    schedules: [{ timing: everySecond }],
  },
]

/** How many runs of one concurrency key may be active at once; null where nothing limits them. */
export function limitOf({ policies }: TaskShape): number | null {
  const concurrency = policies?.concurrency
  if (concurrency === undefined) return null
  return concurrency.policy === 'PARALLEL' ? concurrency.limit : 1
}
