import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockChanges, minutesOf, oracleFires } from './oracle.test-helper.ts'
import { nextFire } from './next-fire.ts'
import { occurrencesBetween } from './preview.ts'
import { at, cron } from './schedules.test-helper.ts'
import type { DstPolicy } from './spec.ts'

const DAY = 86_400_000
const POLICIES: readonly DstPolicy[] = ['DEFAULT', 'SKIP', 'SHIFT', 'BOTH']

function fires(expression: string, zone: string, dst: DstPolicy, from: number, to: number): number[] {
  return occurrencesBetween(cron(expression, zone, dst), from, to, Infinity).map((each) => each.fireAt)
}

/** The fires in [from, to) as local times, offsets left out. */
function local(expression: string, zone: string, from: string, to: string, dst: DstPolicy = 'DEFAULT'): string[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  return fires(expression, zone, dst, at(from), at(to)).map((each) => format.format(each).slice(8))
}

describe('the published rule', () => {
  const [spring, springEnd] = ['2026-03-28T12:00', '2026-03-30T12:00']
  const [autumn, autumnEnd] = ['2026-10-24T12:00', '2026-10-26T12:00']
  const berlin = (expression: string, dst?: DstPolicy) => local(expression, 'Europe/Berlin', spring, springEnd, dst)
  const berlinBack = (expression: string, dst?: DstPolicy) => local(expression, 'Europe/Berlin', autumn, autumnEnd, dst)

  it('a fixed time in a gap runs once at the first instant after it', () => {
    expect(berlin('30 2 * * *')).toEqual(['29 03:00', '30 02:30'])
  })

  it('several fixed times in one gap are one fire, and one fire with a fixed time at its end', () => {
    expect(berlin('0,30 2 * * *')).toEqual(['29 03:00', '30 02:00', '30 02:30'])
    expect(berlin('0,30 2,3 * * *')).toEqual(['29 03:00', '29 03:30', '30 02:00', '30 02:30', '30 03:00', '30 03:30'])
    expect(berlin('*/10 30 2 * * ?')).toHaveLength(1 + 6)
  })

  it('SKIP leaves it out, SHIFT moves it by the length of the gap', () => {
    expect(berlin('30 2 * * *', 'SKIP')).toEqual(['30 02:30'])
    expect(berlin('0,30 2 * * *', 'SHIFT')).toEqual(['29 03:00', '29 03:30', '30 02:00', '30 02:30'])
    expect(berlin('0,40 2,3 * * *', 'SHIFT')).toEqual(['29 03:00', '29 03:40', '30 02:00', '30 02:40', '30 03:00', '30 03:40'])
  })

  it('SHIFT keeps the order where shifted and unshifted times interleave', () => {
    expect(local('15,40 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00', '2026-10-04T12:00', 'SHIFT')).toEqual([
      '04 02:40',
      '04 02:45',
    ])
  })

  it('a fixed time in an overlap runs once, the first time; with BOTH it runs twice', () => {
    expect(fires('30 2 * * *', 'Europe/Berlin', 'DEFAULT', at(autumn), at(autumnEnd))).toEqual([
      at('2026-10-25T02:30+02:00'),
      at('2026-10-26T02:30+01:00'),
    ])
    expect(fires('30 2 * * *', 'Europe/Berlin', 'BOTH', at(autumn), at('2026-10-25T12:00'))).toEqual([
      at('2026-10-25T02:30+02:00'),
      at('2026-10-25T02:30+01:00'),
    ])
    expect(berlinBack('30 2 * * *', 'SKIP')).toEqual(['25 02:30', '26 02:30'])
  })

  it('BOTH repeats fixed times that were passed before the clock went back', () => {
    expect(berlinBack('0,45 2 * * *', 'BOTH').slice(0, 4)).toEqual(['25 02:00', '25 02:45', '25 02:00', '25 02:45'])
    const last = cron('0 30 2 25 10 ? 2026', 'Europe/Berlin', 'BOTH')
    expect(nextFire(last, at('2026-10-25T02:30+02:00'))).toBe(at('2026-10-25T02:30+01:00'))
    expect(nextFire(last, at('2026-10-25T02:30+01:00'))).toBeNull()
  })

  it('an hourly pattern fires each real hour', () => {
    for (const change of [at('2026-03-29T01:00'), at('2026-10-25T01:00')]) {
      const found = fires('@hourly', 'Europe/Berlin', 'DEFAULT', change - DAY, change + DAY)
      expect(found).toEqual(Array.from({ length: 48 }, (_, index) => change - DAY + index * 3_600_000))
    }
  })

  it('a pattern of intervals does not happen at local times that do not', () => {
    expect(berlin('*/15 2 * * *')).toEqual(['30 02:00', '30 02:15', '30 02:30', '30 02:45'])
    expect(berlin('15 */2 * * *').slice(0, 9)).toEqual([
      '28 14:15',
      '28 16:15',
      '28 18:15',
      '28 20:15',
      '28 22:15',
      '29 00:15',
      '29 04:15',
      '29 06:15',
      '29 08:15',
    ])
    expect(berlinBack('30 1-3 * * *').slice(0, 4)).toEqual(['25 01:30', '25 02:30', '25 02:30', '25 03:30'])
  })

  it('every quarter of an hour goes through the half-hour shifts of Lord Howe without a break', () => {
    for (const change of [at('2026-04-04T15:00'), at('2026-10-03T15:30')]) {
      const found = fires('*/15 * * * *', 'Australia/Lord_Howe', 'DEFAULT', change - DAY, change + DAY)
      expect(found).toEqual(Array.from({ length: 192 }, (_, index) => change - DAY + index * 900_000))
    }
  })

  it('a midnight that does not exist does not lose its day (Cairo)', () => {
    expect(local('0 0 * * *', 'Africa/Cairo', '2026-04-22T12:00', '2026-04-25T12:00')).toEqual([
      '23 00:00',
      '24 01:00',
      '25 00:00',
    ])
    expect(local('0 0 * * *', 'Africa/Cairo', '2026-10-28T12:00', '2026-10-31T12:00')).toEqual([
      '29 00:00',
      '30 00:00',
      '31 00:00',
    ])
  })

  it('a day that does not exist is a gap like any other (Apia has no 30 December 2011)', () => {
    const apia = (expression: string, dst?: DstPolicy) =>
      local(expression, 'Pacific/Apia', '2011-12-29T00:00', '2012-01-01T00:00', dst)
    expect(apia('30 2 * * *')).toEqual(['29 02:30', '31 00:00', '31 02:30', '01 02:30'])
    expect(apia('30 2 * * *', 'SKIP')).toEqual(['29 02:30', '31 02:30', '01 02:30'])
    expect(apia('30 2 * * *', 'SHIFT')).toEqual(['29 02:30', '31 02:30', '01 02:30'])
    expect(apia('0 0 30 * *')).toEqual(['31 00:00'])
  })
})

// Zones and years with something to stumble over, and the usual ones. Every change of the clocks in the year is tried.
const CHANGES: readonly (readonly [string, number])[] = [
  ['America/New_York', 2026],
  ['America/Los_Angeles', 2026],
  ['Europe/London', 2026],
  ['Europe/Berlin', 2026],
  ['Europe/Dublin', 2026], // winter time is the exception here, with a negative saving
  ['Europe/Lisbon', 1996],
  ['Europe/Istanbul', 2016],
  ['Europe/Moscow', 2011],
  ['Europe/Moscow', 2014],
  ['Europe/Samara', 2010],
  ['Europe/Chisinau', 2026],
  ['Atlantic/Azores', 2026], // midnight to one
  ['Asia/Beirut', 2026], // midnight
  ['Asia/Gaza', 2026],
  ['Asia/Jerusalem', 2026],
  ['Asia/Tehran', 2021], // midnight, +3:30
  ['Asia/Amman', 2022],
  ['Asia/Kathmandu', 1985], // +5:30 to +5:45 at the end of the year
  ['Asia/Pyongyang', 2015], // half an hour back
  ['Asia/Pyongyang', 2018], // and forth, at 23:30
  ['Asia/Dhaka', 2009], // 23:00
  ['Asia/Shanghai', 1988],
  ['Africa/Cairo', 2026], // a gap at midnight
  ['Africa/Cairo', 2014], // four changes
  ['Africa/Casablanca', 2026], // back for Ramadan
  ['Africa/El_Aaiun', 2023],
  ['America/Sao_Paulo', 2017], // midnight
  ['America/Sao_Paulo', 2018],
  ['America/Asuncion', 2023],
  ['America/Santiago', 2026], // 24:00
  ['America/Havana', 2026], // a gap at midnight, an overlap at one
  ['America/St_Johns', 2010], // 00:01
  ['America/Caracas', 2007], // half an hour back at 3:00
  ['America/Caracas', 2016],
  ['America/Nuuk', 2024], // 22:00 and 23:00 of Saturday
  ['America/Scoresbysund', 2024], // both the zone and the saving change
  ['America/Recife', 2000], // a summer of one week
  ['America/Argentina/Tucuman', 2004], // twelve days
  ['Antarctica/Troll', 2026], // two hours
  ['Antarctica/Casey', 2010], // three hours
  ['Australia/Lord_Howe', 2026], // half an hour
  ['Australia/Sydney', 2026],
  ['Australia/Adelaide', 2026],
  ['Pacific/Auckland', 2026],
  ['Pacific/Chatham', 2026], // 2:45
  ['Pacific/Easter', 2026],
  ['Pacific/Norfolk', 2026],
  ['Pacific/Apia', 2011], // no 30 December
  ['Pacific/Fakaofo', 2011],
  ['Pacific/Kwajalein', 1993], // no 21 August
]

const EXPRESSIONS = [
  '0 * * * *',
  '30 * * * *',
  '*/15 * * * *',
  '15 */2 * * *',
  '*/20 1-3 * * *',
  '7-59/13 22-23 * * *',
  '0 0 * * *',
  '1 0 * * *',
  '30 1 * * *',
  '30 2 * * *',
  '0 2 * * *',
  '0 3 * * *',
  '0,30 0,1,2,3 * * *',
  '45 23 * * *',
  '5,15,25,35,40,45,55 2 * * *',
  '30 2 * * 0,6',
  '15 0 1-31/3 * 5',
]

describe('every change of the clocks, minute by minute (F16)', () => {
  it.each(CHANGES)(
    '%s in %i',
    (zone, year) => {
      const changes = clockChanges(zone, year)
      expect(changes.length).toBeGreaterThan(0)
      for (const change of changes) {
        const minutes = minutesOf(zone, change - 2 * DAY, change + 2 * DAY)
        for (const expression of EXPRESSIONS) {
          const policies = /[*/-]/.test(expression.split(' ').slice(0, 2).join(' ')) ? POLICIES.slice(0, 1) : POLICIES
          for (const policy of policies) {
            const inSight = (each: number) => each >= change - 1.25 * DAY && each < change + 1.25 * DAY
            const expected = oracleFires(expression, minutes, policy).filter(inSight)
            const found = fires(expression, zone, policy, change - 1.25 * DAY, change + 1.25 * DAY)
            expect({ expression, policy, change, fires: found }).toEqual({ expression, policy, change, fires: expected })
          }
        }
      }
    },
    30_000,
  )

  it('covers at least thirty zones', () => {
    expect(new Set(CHANGES.map(([zone]) => zone)).size).toBeGreaterThanOrEqual(30)
  })
})

describe('any expression, any zone, any day', () => {
  const number = (min: number, max: number) => fc.integer({ min, max })
  const plain = (min: number, max: number) =>
    fc.uniqueArray(number(min, max), { minLength: 1, maxLength: 3 }).map((each) => each.join(','))
  const stepped = (min: number, max: number) => number(1, 9).map((step) => `${min}-${max}/${step}`)
  const field = (min: number, max: number) =>
    fc.oneof({ weight: 3, arbitrary: plain(min, max) }, fc.constant('*'), stepped(min, max))
  const expression = fc.tuple(
    field(0, 59),
    field(0, 23),
    fc.oneof(fc.constant('*'), field(1, 31)),
    field(1, 12),
    fc.oneof(fc.constant('*'), plain(0, 7)),
  )
  const zones = [...new Set(CHANGES.map(([zone]) => zone)), 'UTC', 'Asia/Kolkata']
  const sample = fc.record({
    expression: expression.map((each) => each.join(' ')),
    zone: fc.constantFrom(...zones),
    day: number(Math.floor(at('1975-01-01') / DAY), Math.floor(at('2040-01-01') / DAY)),
    policy: fc.constantFrom(...POLICIES),
  })

  it('fires as the oracle says', () => {
    fc.assert(
      fc.property(sample, ({ expression, zone, day, policy }) => {
        const minutes = minutesOf(zone, (day - 1.5) * DAY, (day + 2.5) * DAY)
        const expected = oracleFires(expression, minutes, policy).filter((each) => each >= day * DAY && each < (day + 1) * DAY)
        const schedule = tryCron(expression, zone, policy)
        if (schedule === null) {
          expect(expected).toEqual([])
          return
        }
        expect(occurrencesBetween(schedule, day * DAY, (day + 1) * DAY, Infinity).map((each) => each.fireAt)).toEqual(expected)
      }),
      { numRuns: 250 },
    )
  }, 30_000)

  it('nextFire lies after its argument, and nothing lies in between', () => {
    fc.assert(
      fc.property(sample, number(0, DAY), ({ expression, zone, day, policy }, time) => {
        const schedule = tryCron(expression, zone, policy)
        if (schedule === null) return
        const after = day * DAY + time
        const fire = nextFire(schedule, after)
        if (fire === null) return
        expect(fire).toBeGreaterThan(after)
        expect(nextFire(schedule, fire - 1)).toBe(fire)
        expect(nextFire(schedule, Math.floor((after + fire - 1) / 2))).toBe(fire)
        expect(nextFire(schedule, fire) ?? Infinity).toBeGreaterThan(fire)
      }),
      { numRuns: 2_000 },
    )
  }, 30_000)

  function tryCron(expression: string, zone: string, policy: DstPolicy) {
    try {
      return cron(expression, zone, policy)
    } catch {
      return null // never fires, such as 31 February
    }
  }
})
