import type { History } from '../record/history.ts'
import { verdict, type Verdict } from './verdict.ts'

/** C11. How late fires were decided; both times are the database's. */
export function checkLateness({ dump }: History, mostMs: number | null): Verdict {
  const single = dump.fires.filter(({ count }) => count === 1)
  const late = single.map(({ decidedAt, fireAt }) => decidedAt - fireAt).sort((a, b) => a - b)
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0
  const problems =
    mostMs === null
      ? []
      : single
          .filter(({ decidedAt, fireAt }) => decidedAt - fireAt > mostMs)
          .map(
            (fire) =>
              `fire ${fire.tenantId}:${fire.scheduleId} at ${fire.fireAt} was decided ${fire.decidedAt - fire.fireAt} ms late`,
          )
  return verdict('C11 lateness', problems, { p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) })
}
