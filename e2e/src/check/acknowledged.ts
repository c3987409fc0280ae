import type { History } from '../record/history.ts'
import { groupBy } from './group.ts'
import { isAcceptedEnd } from './leases.ts'
import { verdict, type Verdict } from './verdict.ts'

/**
 * C1. What was acknowledged is there: every operation that a client heard `ok` for, once for each key however often it was tried, nothing
 * of those it heard `fail` for; and every end of an attempt that an executor heard was accepted.
 */
export function checkAcknowledged(
  history: History,
  least: { readonly acknowledged: number; readonly accepted: number },
): Verdict {
  const operations = [...groupBy(history.clients, ({ key }) => key)]
  const ok = history.clients.filter(({ type }) => type === 'ok').length
  const accepted = history.truth.filter(isAcceptedEnd).length
  const unsure = operations.filter(([, records]) => !records.some(({ type }) => type === 'ok' || type === 'fail')).length
  return verdict(
    'C1 acknowledged',
    [...operations.flatMap(([key, records]) => operationProblems(history, key, records)), ...lostEnds(history)],
    { operations: operations.length, acknowledged: ok, unsure, accepted },
    least,
  )
}

function operationProblems({ dump }: History, key: string, records: History['clients']): string[] {
  const { operation } = records[0]!
  const answered = new Set(records.flatMap(({ type, id }) => (type === 'ok' && id !== undefined ? [id] : [])))
  const effects =
    operation === 'task.create'
      ? dump.tasks.filter(({ code }) => code === key).map(({ id }) => id)
      : dump.runs.filter((run) => run.key === key).map(({ id }) => id)
  if (effects.length > 1) return [`${operation} ${key} had ${effects.length} effects: ${effects.join(', ')}`]
  const lost = [...answered]
    .filter((id) => !effects.includes(id))
    .map((id) => `${operation} ${key} was acknowledged as ${id}, which is not there`)
  const refused = records.some(({ type }) => type === 'fail') && answered.size === 0 && effects.length > 0
  return refused ? [...lost, `${operation} ${key} was refused and has an effect all the same`] : lost
}

/** A stop that was asked for decides the outcome whatever the handler says, so an accepted end may stand as CANCELLED or TIMEOUT. */
const STANDS_AS = { SUCCESS: ['SUCCESS', 'CANCELLED', 'TIMEOUT'], FAILURE: ['FAILED', 'CANCELLED', 'TIMEOUT'] } as const

function lostEnds({ dump, truth }: History): string[] {
  const outcomes = new Map<string, string>()
  for (const { id, token, state, endedAt } of dump.instances) if (endedAt !== null) outcomes.set(`${id}:${token}`, state)
  for (const { instanceId, token, outcome } of dump.attempts) outcomes.set(`${instanceId}:${token}`, outcome)
  return truth.filter(isAcceptedEnd).flatMap(({ instance, token, kind }) => {
    const outcome = outcomes.get(`${instance}:${token}`)
    const kept = outcome !== undefined && (STANDS_AS[kind as keyof typeof STANDS_AS] as readonly string[]).includes(outcome)
    return kept ? [] : [`the accepted ${kind} of instance:token ${instance}:${token} stands as ${outcome ?? 'nothing'}`]
  })
}
