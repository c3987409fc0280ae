import type { ScheduleDays } from '@carillon/contract'
import { occurrencesBetween, type CompiledSchedule, type LocalDay } from '@carillon/core'
import type { LoadTiming } from '../storage/schedule-load.ts'
import { compiled, groupsOf, letOthers } from './schedule-load.ts'

/** Worked out for one map; beyond them it says that there are more. */
const MOST_FIRES = 150_000
/** Of one schedule and day: every five minutes is told exactly. */
const MOST_A_DAY = 288
const NAMED_A_DAY = 100

type Day = ScheduleDays['days'][number]
type Item = Day['items'][number]
type Tally = Omit<Item, 'id' | 'code'>

export interface DayMap {
  readonly days: Day[]
  readonly more: boolean
}

/** Which schedules fire on which of `days`, from `now` on, by the engine that will fire them. Schedules that say the same are worked out once. */
export async function daysOf(
  timings: readonly LoadTiming[],
  { days, now, fires: most = MOST_FIRES }: { days: readonly LocalDay[]; now: number; fires?: number },
): Promise<DayMap> {
  const items = days.map((): Item[] => [])
  let left = most
  for (const same of groupsOf(timings)) {
    const schedule = compiled(same[0]!)
    if (schedule === null) continue
    for (const [place, { from, until }] of days.entries()) {
      if (left <= 0) return { days: days.map((day, each) => dayOf(day, items[each]!)), more: true }
      const tally = tallyOf(schedule, Math.max(from, now), until)
      if (tally === null) continue
      left -= tally.fires + tally.excluded
      for (const { id, code } of same) items[place]!.push({ id, code, ...tally })
    }
    await letOthers()
  }
  return { days: days.map((day, each) => dayOf(day, items[each]!)), more: false }
}

/** Null: nothing of it lies on that day. */
function tallyOf(schedule: CompiledSchedule, from: number, until: number): Tally | null {
  const found = occurrencesBetween(schedule, from, until, MOST_A_DAY + 1)
  const counted = found.slice(0, MOST_A_DAY)
  const runs = counted.filter(({ excluded }) => excluded === null)
  const first = runs[0] ?? counted[0]
  if (first === undefined) return null
  return {
    fires: runs.length,
    atLeast: found.length > MOST_A_DAY,
    firstAt: first.fireAt,
    excluded: counted.length - runs.length,
    calendar: counted.find(({ excluded }) => excluded !== null)?.excluded?.calendar ?? null,
  }
}

function dayOf({ day, from, until }: LocalDay, items: readonly Item[]): Day {
  return {
    day,
    from,
    to: until,
    fires: items.reduce((sum, { fires }) => sum + fires, 0),
    schedules: items.length,
    items: items.toSorted(seldomFirst).slice(0, NAMED_A_DAY),
  }
}

/** What does not fire that day after what does. */
function seldomFirst(a: Item, b: Item): number {
  return Number(a.fires === 0) - Number(b.fires === 0) || a.fires - b.fires || a.firstAt - b.firstAt || a.id - b.id
}
