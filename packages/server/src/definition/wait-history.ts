import type { Attempt, Wait } from '@carillon/contract'
import type { Stay, StayWait } from '../storage/queue-wait.ts'

/** As `instance_live.waits` keeps it: what it waited for, until when, which run held it (PENDING: in which queue it stood), before which attempt. */
export type KeptWait = readonly [reason: Wait['reason'] | 'PENDING', until: number, ref: number | null, attempt: number]

/** What of an instance says how it has waited. */
export interface Waited {
  readonly state: string
  readonly createdAt: number
  readonly endedAt: number | null
  readonly attempt: number
  readonly queueId: number
  readonly waits: readonly KeptWait[] | null
  /** The database's clock. */
  readonly now: number
}

/** A stretch of time in which it did not run. */
interface Stretch {
  /** PENDING: in this queue, whose own history says why. */
  readonly reason: Wait['reason'] | 'PENDING'
  readonly ref: number | null
  readonly from: number
  /** Null: it lasts. */
  readonly to: number | null
}

/**
 * The stretches in which an instance did not run, without a gap between them: from when it was made, and from the end of each attempt, until the next began
 * or the instance ended. Pure.
 *
 * @param now what it waits for at present, if it does
 */
export function stretchesOf(
  instance: Waited,
  attempts: readonly Pick<Attempt, 'number' | 'reservedAt' | 'startedAt' | 'endedAt'>[],
  now: Pick<Wait, 'reason' | 'heldBy'> | null,
): readonly Stretch[] {
  const stretches: Stretch[] = []
  let from = instance.createdAt
  const add = (reason: Stretch['reason'], ref: number | null, until: number | null) => {
    const to = until === null ? null : Math.max(from, until)
    if (to !== from) stretches.push({ reason, ref, from, to })
    from = to ?? from
  }
  const waitsBefore = (number: number, most: number) => {
    for (const [reason, until, ref, before] of instance.waits ?? [])
      if (before === number) add(reason, ref, Math.min(until, most))
  }
  const given = attempts.filter(({ reservedAt }) => reservedAt !== null)
  for (const { number, reservedAt, startedAt, endedAt } of given) {
    waitsBefore(number, reservedAt!)
    add('PENDING', instance.queueId, reservedAt)
    add('RESERVED', null, startedAt ?? endedAt)
    if (endedAt !== null) from = Math.max(from, endedAt)
  }
  if (given.some(({ number, endedAt }) => number === instance.attempt && (endedAt === null || instance.endedAt !== null)))
    return stretches
  waitsBefore(instance.attempt, instance.endedAt ?? instance.now)
  if (instance.endedAt !== null) add('PENDING', instance.queueId, instance.endedAt)
  else if (instance.state === 'PENDING') add('PENDING', instance.queueId, null)
  else if (now !== null) add(now.reason, now.heldBy ?? null, null)
  return stretches
}

/** The stretches in queues, in order: what held these up is to be asked for. */
export function staysOf(stretches: readonly Stretch[], now: number): readonly Stay[] {
  return stretches.filter(isStay).map(({ ref, from, to }) => ({ queueId: ref!, from, to: to ?? now }))
}

const isStay = ({ reason }: Stretch) => reason === 'PENDING'

/** How an instance has waited, in order: each begins where the last ends, or an attempt did, so that together they are all of its waiting. Pure. */
export function waitHistory(stretches: readonly Stretch[], ofStays: readonly StayWait[]): Wait[] {
  const waits: Wait[] = []
  const add = (wait: Wait) => {
    const last = waits.at(-1)
    const goesOn = last !== undefined && last.until === wait.since && last.reason === wait.reason && last.heldBy === wait.heldBy
    if (goesOn) waits[waits.length - 1] = { ...last, until: wait.until }
    else waits.push(wait)
  }
  let stay = -1
  for (const stretch of stretches) {
    const { reason, ref, from, to } = stretch
    if (reason !== 'PENDING') {
      add({ reason, ...(ref === null ? {} : { heldBy: ref }), since: from, until: to })
      continue
    }
    stay++
    let at = from
    for (const row of ofStays.filter((each) => each.stay === stay)) {
      const [begins, ends] = [Math.max(at, row.since), earlier(row.until, to)]
      if (begins > at) add({ reason: 'QUEUED', since: at, until: begins })
      add({
        reason: row.reason as Wait['reason'],
        detail: row.detail,
        ...(row.heldBy === null ? {} : { heldBy: row.heldBy }),
        since: begins,
        until: ends,
      })
      if (ends === null) break
      at = ends
    }
    const lasts = waits.at(-1)?.until === null
    if (!lasts && (to === null || at < to)) add({ reason: 'QUEUED', since: at, until: to })
  }
  return waits
}

const earlier = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))
