import { compileSchedule, occurrencesBetween, type CompiledSchedule } from '@carillon/core'
import type { LoadTiming } from '../storage/schedule-load.ts'

/** Fires worked out for one map; beyond them it says that there are more. */
const MOST_FIRES = 300_000
/** Between two looks at whether others want the processor. */
const FIRES_AT_ONCE = 2_000
const PEAKS = 10
const NAMED_OF_A_PEAK = 5
const MINUTE = 60_000

export interface Load {
  readonly minutes: number[]
  readonly more: boolean
  readonly peaks: { readonly at: number; readonly count: number; readonly schedules: { id: number; code: string }[] }[]
  readonly quietest: number | null
}

/** The fires of schedules by minute in [`from`, `from` + `minutes`), by the engine that will fire them. Schedules that say the same are worked out once. */
export async function loadOf(
  timings: readonly LoadTiming[],
  { from, minutes: length, fires: most = MOST_FIRES }: { from: number; minutes: number; fires?: number },
): Promise<Load> {
  const minutes = new Array<number>(length).fill(0)
  const named = minutes.map((): LoadTiming[] => [])
  const to = from + length * MINUTE
  let left = most
  for (const same of groupsOf(timings)) {
    const schedule = compiled(same[0]!)
    for (let at = from; schedule && at < to;) {
      if (left <= 0) return { ...summary(minutes, named, from), more: true }
      const fires = occurrencesBetween(schedule, at, to, Math.min(left, FIRES_AT_ONCE))
      left -= fires.length
      for (const { fireAt, excluded } of fires) if (!excluded) count(Math.floor((fireAt - from) / MINUTE), same)
      at = fires.length === 0 ? to : fires.at(-1)!.fireAt + 1
      await letOthers()
    }
  }
  return { ...summary(minutes, named, from), more: false }

  function count(minute: number, same: readonly LoadTiming[]): void {
    minutes[minute]! += same.length
    const room = NAMED_OF_A_PEAK - named[minute]!.length
    for (const each of same.slice(0, room)) if (!named[minute]!.includes(each)) named[minute]!.push(each)
  }
}

/** Those that say the same, together: they are worked out once. */
export function groupsOf(timings: readonly LoadTiming[]): LoadTiming[][] {
  const groups = new Map<string, LoadTiming[]>()
  for (const each of timings) {
    const name = JSON.stringify([each.timing, each.startAt, each.endAt, each.calendars?.map(({ id, mode }) => [id, mode])])
    const group = groups.get(name)
    if (group) group.push(each)
    else groups.set(name, [each])
  }
  return [...groups.values()]
}

/** Null: what is stored does not compile, which saving makes impossible; a map of the others is still one. */
export function compiled({ timing, startAt, endAt, jitterMs, calendars }: LoadTiming): CompiledSchedule | null {
  const uses = (calendars ?? []).map(({ mode, code, timezone, days, weekdays, exceptDays }) => ({
    mode,
    calendar: { code, timezone, days: new Set(days), weekdays, exceptDays: new Set(exceptDays) },
  }))
  const result = compileSchedule({ timing, startAt, endAt, jitterMs, calendars: uses })
  return result.ok ? result.schedule : null
}

function summary(minutes: number[], named: readonly LoadTiming[][], from: number): Omit<Load, 'more'> {
  const fullest = minutes
    .map((count, minute) => ({ count, minute }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count || a.minute - b.minute)
    .slice(0, PEAKS)
  const peaks = fullest.map(({ count, minute }) => ({
    at: from + minute * MINUTE,
    count,
    schedules: named[minute]!.map(({ id, code }) => ({ id, code })),
  }))
  return { minutes, peaks, quietest: quietestOf(minutes, from) }
}

/** Of equally quiet minutes the one farthest from the full hour, where everybody else goes. */
function quietestOf(minutes: readonly number[], from: number): number | null {
  if (minutes.every((count) => count === 0)) return null
  const first = Math.floor(from / MINUTE) % 60
  const hour = new Array<number>(60).fill(0)
  for (const [place, count] of minutes.entries()) hour[(first + place) % 60]! += count
  const fewest = Math.min(...hour)
  const distance = (minute: number) => Math.abs(minute - 30)
  return hour
    .map((count, minute) => ({ count, minute }))
    .filter(({ count }) => count === fewest)
    .toSorted((a, b) => distance(a.minute) - distance(b.minute))[0]!.minute
}

/** Between two pieces of work, so that a request of somebody else goes on. */
export const letOthers = () => new Promise((resolve) => setImmediate(resolve))
