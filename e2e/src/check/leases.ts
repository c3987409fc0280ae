import type { History } from '../record/history.ts'
import type { TruthRecord } from '../record/truth.ts'
import { groupBy } from './group.ts'
import { verdict, type Verdict } from './verdict.ts'

/**
 * C3. An instance is held by one attempt at a time, under tokens that strictly rise; a token belongs to one session; the end of an attempt
 * is accepted once; and a lease was not ended before it had run out.
 */
export function checkLeases(history: History, least: number): Verdict {
  const held = holdings(history)
  const ends = history.truth.filter(isAcceptedEnd)
  const problems = [
    ...[...groupBy(held, ({ name }) => name)].flatMap(([name, attempts]) => overlaps(name, attempts)),
    ...sharedTokens(history.truth),
    ...acceptedTwice(ends),
    ...madeUp(history.truth),
    ...endedEarly(history),
  ]
  return verdict('C3 leases', problems, { attempts: held.length, accepted: ends.length }, { accepted: least })
}

interface Holding {
  readonly name: string
  readonly token: number
  readonly from: number
  readonly to: number | null
}

function holdings({ dump }: History): Holding[] {
  const earlier = dump.attempts.map((row) => ({
    name: `${row.tenantId}:${row.instanceId}`,
    token: row.token,
    from: row.reservedAt,
    to: row.endedAt,
  }))
  const last = dump.instances.map((row) => ({
    name: `${row.tenantId}:${row.id}`,
    token: row.token,
    from: row.reservedAt,
    to: row.endedAt,
  }))
  return [...earlier, ...last].flatMap(({ from, ...rest }) => (from === null ? [] : [{ ...rest, from }]))
}

function overlaps(name: string, attempts: readonly Holding[]): string[] {
  const inTime = [...attempts].sort((a, b) => a.from - b.from || a.token - b.token)
  return inTime.slice(1).flatMap((next, place) => {
    const previous = inTime[place]!
    if (next.token <= previous.token) return [`instance ${name}: token ${next.token} follows token ${previous.token}`]
    if (previous.to === null || next.from < previous.to)
      return [`instance ${name}: token ${next.token} was given before ${previous.token} had ended`]
    return []
  })
}

function sharedTokens(truth: readonly TruthRecord[]): string[] {
  const granted = truth.filter((record) => record.what === 'granted')
  return [...groupBy(granted, ({ instance, token }) => `${instance}:${token}`)].flatMap(([name, grants]) => {
    const sessions = new Set(grants.map((grant) => grant.session))
    return sessions.size > 1 ? [`instance:token ${name} was given to the sessions ${[...sessions].join(', ')}`] : []
  })
}

type AcceptedEnd = Extract<TruthRecord, { what: 'answered' }>

export function isAcceptedEnd(record: TruthRecord): record is AcceptedEnd {
  return record.what === 'answered' && record.status === 'ACCEPTED' && (record.kind === 'SUCCESS' || record.kind === 'FAILURE')
}

function acceptedTwice(ends: readonly AcceptedEnd[]): string[] {
  return [...groupBy(ends, ({ instance, token }) => `${instance}:${token}`)].flatMap(([name, same]) =>
    same.length > 1
      ? [`${same.length} ends of instance:token ${name} were accepted: ${same.map((end) => end.kind).join(', ')}`]
      : [],
  )
}

/** Reports that came twice, too late, or from nobody. */
function madeUp(truth: readonly TruthRecord[]): string[] {
  return truth.flatMap((record) =>
    record.what === 'answered' && record.via !== undefined && record.status === 'ACCEPTED'
      ? [`a ${record.kind} of instance:token ${record.instance}:${record.token} that ${record.via} made up was accepted`]
      : [],
  )
}

function endedEarly({ dump }: History): string[] {
  return dump.sessions.flatMap(({ tenantId, id, endReason, leaseUntil, endedAt }) =>
    endReason === 'EXPIRED' && endedAt !== null && endedAt < leaseUntil
      ? [`session ${tenantId}:${id} was ended as expired ${leaseUntil - endedAt} ms before its lease ran out`]
      : [],
  )
}
