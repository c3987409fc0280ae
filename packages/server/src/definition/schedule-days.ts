import type { ScheduleDays } from '@carillon/contract'
import { occurrencesBetween, type CompiledSchedule, type LocalDay } from '@carillon/core'
import type { LoadTiming } from '../storage/schedule-load.ts'
import { compiled, groupsOf, letOthers } from './schedule-load.ts'

/** Occurrences looked at for one map; beyond them it says that there are more. */
const MOST_LOOKED_AT = 150_000
/** Of one schedule and day, at first: what fires each hour is told exactly. So what fires all day leaves room for what fires seldom. */
const FEW_A_DAY = 25
/** And where there is room left: every five minutes is told exactly. */
const MOST_A_DAY = 288
/** Where a calendar leaves out all that has been seen of a day, it is looked at further: each minute. */
const MOST_LEFT_OUT = 1_440
const NAMED_A_DAY = 100

type Day = ScheduleDays['days'][number]
type Item = Day['items'][number]
type Tally = Omit<Item, 'id' | 'code'>

export interface DayMap {
  readonly days: Day[]
  readonly more: boolean
}

interface Window {
  readonly days: readonly LocalDay[]
  readonly now: number
  /** Occurrences that are looked at in all. */
  readonly most?: number
}

/** A schedule, or several that say the same, with what it does on each day. */
interface Firing {
  readonly schedule: CompiledSchedule
  readonly same: readonly LoadTiming[]
  readonly tallies: (Tally | null)[]
}

/** Which schedules fire on which of `days`, from `now` on, by the engine that will fire them. Schedules that say the same are worked out once. */
export async function daysOf(timings: readonly LoadTiming[], { days, now, most = MOST_LOOKED_AT }: Window): Promise<DayMap> {
  let left = most
  const tally = async ({ schedule, tallies }: Firing, place: number, atMost: number) => {
    const { from, until } = days[place]!
    const found = tallyOf(schedule, Math.max(from, now), until, atMost)
    left -= found.lookedAt
    tallies[place] = found.tally
    await letOthers()
  }

  const firings: Firing[] = []
  const unseen: Firing[] = []
  for (const same of groupsOf(timings)) {
    const schedule = compiled(same[0]!)
    if (schedule === null) continue
    const firing: Firing = { schedule, same: same.toSorted((a, b) => a.id - b.id), tallies: days.map(() => null) }
    for (let place = 0; place < days.length && left > 0; place++) await tally(firing, place, FEW_A_DAY)
    ;(left > 0 ? firings : unseen).push(firing)
  }
  for (const firing of firings) {
    for (let place = 0; place < days.length && left > 0; place++) {
      if (firing.tallies[place]?.atLeast) await tally(firing, place, MOST_A_DAY)
    }
  }
  const map: Day[] = []
  for (const [place, day] of days.entries()) {
    map.push(dayOf(day, [...firings, ...unseen], place))
    await letOthers()
  }
  return { days: map, more: unseen.length > 0 }
}

/** What a schedule does on a day; null: nothing of it lies there. */
function tallyOf(
  schedule: CompiledSchedule,
  from: number,
  until: number,
  most: number,
): { tally: Tally | null; lookedAt: number } {
  let found = occurrencesBetween(schedule, from, until, most + 1)
  if (found.length > most && found.every(({ excluded }) => excluded !== null))
    found = occurrencesBetween(schedule, from, until, MOST_LEFT_OUT)
  const isCut = found.length > most
  const runs = found.filter(({ excluded }) => excluded === null)
  const leftOut = found.filter(({ excluded }) => excluded !== null)
  const first = runs[0] ?? leftOut[0]
  if (first === undefined) return { tally: null, lookedAt: 1 }
  const tally = {
    fires: Math.min(runs.length, most),
    atLeast: isCut,
    firstAt: first.fireAt,
    excluded: Math.min(leftOut.length, most),
    calendar: leftOut[0]?.excluded?.calendar ?? null,
  }
  return { tally, lookedAt: found.length }
}

function dayOf({ day, from, until }: LocalDay, firings: readonly Firing[], place: number): Day {
  const of = firings.flatMap(({ same, tallies }) => (tallies[place] ? [{ same, tally: tallies[place] }] : []))
  const sum = (numberOf: (each: (typeof of)[number]) => number) => of.reduce((total, each) => total + numberOf(each), 0)
  // No more of any group than can be named.
  const items = of.flatMap(({ same, tally }) => same.slice(0, NAMED_A_DAY).map(({ id, code }): Item => ({ id, code, ...tally })))
  return {
    day,
    from,
    to: until,
    fires: sum(({ same, tally }) => same.length * tally.fires),
    atLeast: of.some(({ tally }) => tally.atLeast),
    schedules: sum(({ same }) => same.length),
    items: items.toSorted(seldomFirst).slice(0, NAMED_A_DAY),
  }
}

/** What does not fire that day after what does. */
function seldomFirst(a: Item, b: Item): number {
  return Number(a.fires === 0) - Number(b.fires === 0) || a.fires - b.fires || a.firstAt - b.firstAt || a.id - b.id
}
