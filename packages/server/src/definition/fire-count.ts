import type { FireCount } from '@carillon/contract'
import { occurrencesBetween, type CompiledSchedule } from '@carillon/core'
import { letOthers } from './schedule-load.ts'

/** Half a second's work at most. */
const MOST = 50_000
/** Between so many others have their turn. */
const PIECE = 1_000

/**
 * Counts the fires in [`from`, `to`), one by one as they will be run, up to `most`.
 *
 * @example
 * await countFires(everyMinute, 0, 3_600_000) // { fires: 60, excluded: 0, more: false }
 */
export async function countFires(schedule: CompiledSchedule, from: number, to: number, most = MOST): Promise<FireCount> {
  let fires = 0
  let excluded = 0
  for (let next = from; ; await letOthers()) {
    const left = most - fires - excluded
    const found = occurrencesBetween(schedule, next, to, Math.min(PIECE, left) || 1)
    const last = found.at(-1)
    if (last === undefined || left === 0) return { fires, excluded, more: last !== undefined }
    const runs = found.filter((each) => each.excluded === null).length
    fires += runs
    excluded += found.length - runs
    next = last.fireAt + 1
  }
}
