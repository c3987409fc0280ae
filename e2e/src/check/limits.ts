import type { History } from '../record/history.ts'
import type { PromisedTask } from '../record/promised.ts'
import { groupBy } from './group.ts'
import { isAcceptedEnd } from './leases.ts'
import { verdict, type Verdict } from './verdict.ts'

/**
 * C8. Of the runs that share a concurrency key no more are active at once than the policy allows: by the server's records, and by the
 * executors' own for the attempts that counted. (What a zombie still does after its lease was taken counts for nobody.)
 */
export function checkLimits(history: History): Verdict {
  const tasks = new Map(history.promised.tasks.map((task) => [`${task.tenantId}:${task.id}`, task]))
  const limited = [...keyedRuns(history)].flatMap(([key, runs]) => {
    const task = tasks.get(`${runs[0]!.tenantId}:${runs[0]!.taskId}`)
    return task === undefined || task.limit === null ? [] : [{ key, runs, task, limit: task.limit }]
  })
  const executed = executedIntervals(history)
  const results = limited.map(({ key, runs, task, limit }) => {
    const recorded = runs.map((run) => ({ from: run.startedAt!, to: run.endedAt ?? history.dump.at }))
    const done = runs.flatMap((run) => executed.get(`${run.tenantId}:${run.id}`) ?? [])
    return { task, key, limit, recorded: mostAtOnce(recorded), executed: mostAtOnce(done), runs: runs.length }
  })
  const problems = results.flatMap(({ task, key, limit, recorded, executed: seen }) => [
    ...excess(task, key, 'by the records', recorded, limit),
    ...excess(task, key, 'by the executors', seen, limit),
  ])
  const runs = results.reduce((sum, result) => sum + result.runs, 0)
  const expected = history.promised.tasks.some((task) => task.limit !== null && hasSchedule(history, task))
  return verdict('C8 limits', problems, { keys: results.length, runs }, expected ? { runs: 10 } : {})
}

function hasSchedule({ promised }: History, task: PromisedTask): boolean {
  return promised.schedules.some((schedule) => schedule.tenantId === task.tenantId && schedule.taskId === task.id)
}

function keyedRuns({ dump }: History) {
  const started = dump.runs.filter((run) => run.concurrencyKey !== null && run.startedAt !== null)
  return groupBy(started, (run) => `${run.tenantId}:${run.concurrencyKey}`)
}

interface Interval {
  readonly from: number
  readonly to: number
}

function executedIntervals({ truth }: History): Map<string, Interval> {
  const accepted = new Set(truth.filter(isAcceptedEnd).map(({ instance, token }) => `${instance}:${token}`))
  const begun = new Map<string, number>()
  const intervals = new Map<string, Interval>()
  for (const record of truth) {
    const attempt = `${record.instance}:${record.token}`
    if (record.what === 'start') begun.set(attempt, record.at)
    if (record.what === 'finish' && accepted.has(attempt) && begun.has(attempt))
      intervals.set(`${record.tenant}:${record.run}`, { from: begun.get(attempt)!, to: record.at })
  }
  return intervals
}

/** The most intervals that hold at one instant; one that ends when another begins is not beside it. */
export function mostAtOnce(intervals: readonly Interval[]): number {
  const edges = intervals.flatMap(({ from, to }) => [
    { at: from, step: 1 },
    { at: to, step: -1 },
  ])
  edges.sort((a, b) => a.at - b.at || a.step - b.step)
  let [now, most] = [0, 0]
  for (const { step } of edges) most = Math.max(most, (now += step))
  return most
}

function excess(task: PromisedTask, key: string, by: string, most: number, limit: number): string[] {
  return most > limit ? [`task ${task.code}, key ${key}: ${most} runs at once ${by}, where ${limit} may be`] : []
}
