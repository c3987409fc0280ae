import type { Demands } from '../record/demands.ts'
import type { History, NemesisRecord } from '../record/history.ts'
import { verdict, type Verdict } from './verdict.ts'

/**
 * C11. How long things took: how late fires were decided (both times are the database's), and what the scenario timed. These depend on the
 * machine, so they break a run only where that is asked for.
 */
export function checkFigures({ dump, nemesis }: History, { figures }: Demands, strict: boolean): Verdict {
  const late = dump.fires
    .filter(({ count }) => count === 1)
    .map(({ decidedAt, fireAt }) => decidedAt - fireAt)
    .sort((a, b) => a - b)
  const share = (part: number) => late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? 0
  const worst: Record<string, number> = { lateness: share(1) }
  for (const record of nemesis.filter(isTimed)) worst[record.event] = Math.max(worst[record.event] ?? 0, record.ms)
  const exceeded = Object.entries(figures).filter(([name, most]) => (worst[name] ?? 0) > most)
  const problems = strict ? exceeded.map(([name, most]) => `${name}: ${worst[name]} ms, where ${most} ms are promised`) : []
  return verdict('C11 figures', problems, { ...worst, p50: share(0.5), p99: share(0.99), beyond: exceeded.length })
}

function isTimed(record: NemesisRecord): record is NemesisRecord & { readonly ms: number } {
  return 'ms' in record
}
