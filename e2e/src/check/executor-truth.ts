import type { History } from '../record/history.ts'
import { isWork } from '../record/truth.ts'
import { groupBy } from './group.ts'
import { verdict, type Verdict } from './verdict.ts'

/**
 * C5. What executors did bears out what the server says: an attempt ran once at most, an at-most-once instance too, and each recorded
 * success is one that a handler came to the end of.
 */
export function checkExecutorTruth(history: History): Verdict {
  const { dump, promised, truth } = history
  const starts = truth.filter(isWork).filter((record) => record.what === 'start')
  const atMostOnce = new Set(
    promised.tasks.filter((task) => task.delivery === 'AT_MOST_ONCE').map((task) => `${task.tenantId}:${task.code}`),
  )
  const once = starts.filter((start) => atMostOnce.has(`${start.tenant}:${start.task}`))
  const finished = new Set(
    truth.filter((record) => record.what === 'finish').map(({ instance, token }) => `${instance}:${token}`),
  )
  const successes = dump.instances.filter((instance) => instance.state === 'SUCCESS')
  const problems = [
    ...repeated(starts, ({ instance, token }) => `instance:token ${instance}:${token}`),
    ...repeated(once, ({ instance }) => `at-most-once instance ${instance}`),
    ...successes
      .filter(({ id, token }) => !finished.has(`${id}:${token}`))
      .map(({ id, token }) => `instance ${id} is a success under token ${token}, but no handler came to its end`),
  ]
  const counted = { starts: starts.length, atMostOnceStarts: once.length, successes: successes.length }
  return verdict('C5 executor truth', problems, counted, { successes: 1, ...(atMostOnce.size > 0 && { atMostOnceStarts: 1 }) })
}

function repeated<T>(starts: readonly T[], name: (start: T) => string): string[] {
  return [...groupBy(starts, name)].flatMap(([what, same]) => (same.length > 1 ? [`${what} ran ${same.length} times`] : []))
}
