import { join } from 'node:path'
import { FILES } from '../record/history.ts'
import { readLines } from '../record/lines.ts'
import { isWork, type TruthRecord } from '../record/truth.ts'
import type { Theatre } from './theatre.ts'

export function truthOf({ stage }: Theatre, executor: string): TruthRecord[] {
  return readLines<TruthRecord>(join(stage.folder, FILES.truth(executor)))
}

/** How many handlers an executor has begun in its present process and not ended. */
export function atWork(theatre: Theatre, executor: string): number {
  const work = truthOf(theatre, executor).filter(isWork)
  const latest = work.at(-1)?.pid
  const open = new Set<string>()
  for (const { what, pid, instance, token } of work) {
    if (pid !== latest) continue
    if (what === 'start') open.add(`${instance}:${token}`)
    else if (what !== 'effect') open.delete(`${instance}:${token}`)
  }
  return open.size
}
