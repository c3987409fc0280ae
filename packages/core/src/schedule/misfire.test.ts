import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompiledSchedule } from './compile.ts'
import { firstState, stateAfterRun, type FiringState } from './firing-state.ts'
import type { MisfirePolicy } from './misfire-policy.ts'
import { MISFIRE_AFTER_MS, planFires, type Fire, type FirePlan, type FirePlanInput } from './misfire.ts'
import { occurrencesBetween } from './preview.ts'
import { at, calendar, cron, everyMs, scheduleOf } from './schedules.test-helper.ts'

const SKIP: MisfirePolicy = { policy: 'SKIP' }
const FIRE_ONCE: MisfirePolicy = { policy: 'FIRE_ONCE' }
const catchUp = (maxFires: number, windowMs = 86_400_000, perMinute = 6_000): MisfirePolicy => {
  return { policy: 'CATCH_UP', maxFires, windowMs, perMinute }
}

type Setup = Partial<Omit<FirePlanInput, 'schedule' | 'now' | 'state'>> & { readonly state?: FiringState }

/** One call for a schedule whose earliest undecided occurrence is the first after `since`. */
function plan(schedule: CompiledSchedule, since: number, now: number, { state, ...more }: Setup = {}): FirePlan {
  return planFires({
    schedule,
    scheduleId: 7,
    now,
    misfire: SKIP,
    misfireAfterMs: MISFIRE_AFTER_MS,
    hold: null,
    maxRuns: 100,
    maxOccurrences: 20_000,
    state: state ?? firstState(schedule, 7, since)!,
    ...more,
  })
}

/** Calls until nothing is left for `now`, as if the pace of catching up were no matter, and joins what the calls decided. */
function drain(
  schedule: CompiledSchedule,
  since: number,
  now: number,
  setup: Setup = {},
): { fires: Fire[]; calls: number; next: FirePlan['next'] } {
  const fires: Fire[] = []
  let { state = firstState(schedule, 7, since)! } = setup
  for (let calls = 1; ; calls++) {
    const { fires: more, next } = plan(schedule, since, now, { ...setup, state })
    fires.push(...more)
    const left = next !== null && (next.dueAt <= now || (next.misfireUntil !== null && next.nextFireAt <= next.misfireUntil))
    if (!left) return { fires: joined(fires), calls, next }
    state = { ...next, paceUntil: null }
  }
}

function joined(fires: readonly Fire[]): Fire[] {
  const all: Fire[] = []
  for (const fire of fires) {
    const last = all.at(-1)
    const joins = last?.outcome === fire.outcome && last.reason === fire.reason && /SKIPPED|MISSED/.test(fire.outcome)
    if (joins) all.splice(-1, 1, { ...last, lastFireAt: fire.lastFireAt, count: last.count + fire.count })
    else all.push(fire)
  }
  return all
}

const told = (fires: readonly Fire[]) =>
  fires.map((fire) => {
    const time = (instant: number) => new Date(instant).toISOString().slice(5, 19)
    return `${fire.outcome} ${fire.reason} ${time(fire.fireAt)}${fire.count > 1 ? ` to ${time(fire.lastFireAt)} x${fire.count}` : ''}`
  })

const minutely = cron('* * * * *')
const noon = at('2026-05-01T12:00')

describe('planFires on time', () => {
  it('runs a due occurrence and waits for the next', () => {
    const { fires, next } = plan(minutely, noon, noon + 60_000)
    expect(told(fires)).toEqual(['RUN ON_TIME 05-01T12:01:00'])
    expect(next).toEqual({
      nextFireAt: noon + 120_000,
      dueAt: noon + 120_000,
      misfireUntil: null,
      runFrom: null,
      paceUntil: null,
    })
  })

  it('decides nothing before the occurrence is due', () => {
    const { fires, next } = plan(minutely, noon, noon + 59_999)
    expect(fires).toEqual([])
    expect(next?.dueAt).toBe(noon + 60_000)
  })

  it('runs every occurrence when the loop lags behind, up to the last moment that is not yet a misfire', () => {
    const each10s = cron('*/10 * * * * *')
    const { fires } = plan(each10s, noon - 1, noon + 60_000)
    expect(fires.map((fire) => fire.outcome)).toEqual(Array(7).fill('RUN'))
    expect(plan(each10s, noon - 1, noon + 60_001).fires.map((fire) => fire.outcome)).toEqual(['MISSED'])
  })

  it('stops at the most runs of a call and asks to be called again at once', () => {
    const { fires, next } = plan(cron('* * * * * *'), noon - 1, noon + 30_000, { maxRuns: 10 })
    expect(fires).toHaveLength(10)
    expect(next).toMatchObject({ nextFireAt: noon + 10_000, dueAt: noon + 30_000 })
  })

  it('skips what a calendar excludes, as one stretch with first, last and count', () => {
    const labourDay = calendar({ days: ['2026-05-01'] })
    const schedule = cron('0 */10 * * * *', 'UTC', 'DEFAULT', { calendars: [{ mode: 'EXCLUDE', calendar: labourDay }] })
    const { fires } = plan(schedule, at('2026-05-01T23:39'), at('2026-05-02T00:00'), { misfireAfterMs: 3_600_000 })
    expect(told(fires)).toEqual(['SKIPPED CALENDAR 05-01T23:40:00 to 05-01T23:50:00 x2', 'RUN ON_TIME 05-02T00:00:00'])
  })

  it('ends with the last occurrence', () => {
    expect(plan(scheduleOf({ kind: 'ONCE', at: noon }), noon - 1, noon)).toMatchObject({
      fires: [{ outcome: 'RUN' }],
      next: null,
    })
    expect(plan(cron('* * * * *', 'UTC', 'DEFAULT', { endAt: noon + 1 }), noon - 1, noon).next).toBeNull()
  })
})

describe('planFires with jitter', () => {
  const jittery = cron('0 0 * * * *', 'UTC', 'DEFAULT', { jitterMs: 600_000 })

  it('waits for the jitter of the occurrence and records its nominal time', () => {
    const due = firstState(jittery, 7, noon - 1)!.dueAt
    expect(due).toBeGreaterThan(noon)
    expect(due).toBeLessThanOrEqual(noon + 600_000)
    expect(plan(jittery, noon - 1, due - 1).fires).toEqual([])
    expect(plan(jittery, noon - 1, due).fires).toMatchObject([{ outcome: 'RUN', fireAt: noon }])
  })

  it('counts lateness from the jittered time', () => {
    const due = firstState(jittery, 7, noon - 1)!.dueAt
    expect(plan(jittery, noon - 1, due + 60_000).fires).toMatchObject([{ outcome: 'RUN' }])
    expect(plan(jittery, noon - 1, due + 60_001).fires).toMatchObject([{ outcome: 'MISSED' }])
  })

  it('never lets one occurrence fall due after the next, however large the jitter', () => {
    const wild = cron('* * * * *', 'UTC', 'DEFAULT', { jitterMs: 86_400_000 })
    const { fires } = drain(wild, noon - 1, noon + 59_999)
    expect(fires).toMatchObject([{ outcome: 'RUN', fireAt: noon }])
  })
})

describe('planFires after an outage', () => {
  const now = noon + 10 * 60_000 + 1

  it('SKIP misses all', () => {
    expect(told(plan(minutely, noon, now, { misfire: SKIP }).fires)).toEqual([
      'MISSED MISFIRE 05-01T12:01:00 to 05-01T12:10:00 x10',
    ])
  })

  it('FIRE_ONCE runs the latest, late, and misses the others', () => {
    expect(told(plan(minutely, noon, now, { misfire: FIRE_ONCE }).fires)).toEqual([
      'MISSED MISFIRE 05-01T12:01:00 to 05-01T12:09:00 x9',
      'LATE MISFIRE 05-01T12:10:00',
    ])
  })

  it('CATCH_UP runs the latest few, oldest first', () => {
    expect(told(plan(minutely, noon, now, { misfire: catchUp(3) }).fires)).toEqual([
      'MISSED MISFIRE 05-01T12:01:00 to 05-01T12:07:00 x7',
      'CAUGHT_UP MISFIRE 05-01T12:08:00',
      'CAUGHT_UP MISFIRE 05-01T12:09:00',
      'CAUGHT_UP MISFIRE 05-01T12:10:00',
    ])
  })

  it('CATCH_UP runs nothing older than its window, whose edge counts in', () => {
    const edge = drain(minutely, noon, noon + 600_000, { misfire: catchUp(100, 120_000) }).fires
    expect(told(edge).slice(0, 2)).toEqual([
      'MISSED MISFIRE 05-01T12:01:00 to 05-01T12:07:00 x7',
      'CAUGHT_UP MISFIRE 05-01T12:08:00',
    ])
    const past = drain(minutely, noon, noon + 600_001, { misfire: catchUp(100, 120_000) }).fires
    expect(told(past).slice(0, 2)).toEqual([
      'MISSED MISFIRE 05-01T12:01:00 to 05-01T12:08:00 x8',
      'CAUGHT_UP MISFIRE 05-01T12:09:00',
    ])
  })

  it('decides by the policy all up to the moment the backlog was declared, even what was due a second ago', () => {
    const { fires, next } = plan(minutely, noon, noon + 601_000, { misfire: SKIP })
    expect(told(fires)).toEqual(['MISSED MISFIRE 05-01T12:01:00 to 05-01T12:10:00 x10'])
    expect(next).toEqual({
      nextFireAt: noon + 660_000,
      dueAt: noon + 660_000,
      misfireUntil: null,
      runFrom: null,
      paceUntil: null,
    })
  })

  it('keeps to the moment of declaration however late the next call comes', () => {
    const first = plan(minutely, noon, now, { misfire: FIRE_ONCE, maxOccurrences: 4 })
    expect(first.next).toMatchObject({ nextFireAt: noon + 300_000, misfireUntil: now, runFrom: noon + 600_000, dueAt: now })
    const second = plan(minutely, noon, now + 45_000, { misfire: FIRE_ONCE, state: first.next! })
    expect(told(second.fires)).toEqual(['MISSED MISFIRE 05-01T12:05:00 to 05-01T12:09:00 x5', 'LATE MISFIRE 05-01T12:10:00'])
  })

  it('declares a new backlog for what became overdue while the first was worked off', () => {
    const first = plan(minutely, noon, now, { misfire: FIRE_ONCE, maxOccurrences: 4 })
    const second = plan(minutely, noon, now + 600_000, { misfire: FIRE_ONCE, state: first.next! })
    expect(told(second.fires).filter((line) => line.startsWith('LATE'))).toEqual([
      'LATE MISFIRE 05-01T12:10:00',
      'LATE MISFIRE 05-01T12:20:00',
    ])
  })

  it('takes the latest occurrence that the calendars allow, and skips excluded ones for the calendar, not as missed', () => {
    const workdays = calendar({ weekdays: [1, 2, 3, 4, 5] })
    const daily = cron('@daily', 'UTC', 'DEFAULT', { calendars: [{ mode: 'INCLUDE', calendar: workdays }] })
    const [since, sunday] = [at('2026-05-05T12:00'), at('2026-05-10T12:00')]
    expect(told(plan(daily, since, sunday, { misfire: FIRE_ONCE }).fires)).toEqual([
      'MISSED MISFIRE 05-06T00:00:00 to 05-07T00:00:00 x2',
      'LATE MISFIRE 05-08T00:00:00',
      'SKIPPED CALENDAR 05-09T00:00:00 to 05-10T00:00:00 x2',
    ])
    expect(told(plan(daily, since - 7 * 86_400_000, sunday, { misfire: catchUp(3, 30 * 86_400_000) }).fires)).toEqual([
      'MISSED MISFIRE 04-29T00:00:00 to 05-01T00:00:00 x3',
      'SKIPPED CALENDAR 05-02T00:00:00 to 05-03T00:00:00 x2',
      'MISSED MISFIRE 05-04T00:00:00 to 05-05T00:00:00 x2',
      'CAUGHT_UP MISFIRE 05-06T00:00:00',
      'CAUGHT_UP MISFIRE 05-07T00:00:00',
      'CAUGHT_UP MISFIRE 05-08T00:00:00',
      'SKIPPED CALENDAR 05-09T00:00:00 to 05-10T00:00:00 x2',
    ])
  })

  it('runs nothing where the calendars allow nothing', () => {
    const never = cron('@daily', 'UTC', 'DEFAULT', { calendars: [{ mode: 'INCLUDE', calendar: calendar({}) }] })
    for (const misfire of [SKIP, FIRE_ONCE, catchUp(5)]) {
      const { fires } = plan(never, at('2025-01-01'), at('2026-01-01'), { misfire })
      expect(fires).toMatchObject([{ outcome: 'SKIPPED', reason: 'CALENDAR', count: 365 }])
    }
  })

  it('never starts a second late run, even if a calendar is edited half-way', () => {
    const first = plan(minutely, noon, now, { misfire: FIRE_ONCE, maxOccurrences: 4 })
    const state = { ...first.next!, runFrom: noon + 360_000 }
    const { fires } = plan(minutely, noon, now, { misfire: FIRE_ONCE, state })
    expect(fires.map((fire) => fire.outcome)).toEqual(['MISSED', 'LATE', 'MISSED'])
  })
})

describe('planFires with a hold', () => {
  it('skips everything due for that reason, overdue or not, and misses nothing', () => {
    const { fires, next } = plan(minutely, noon, noon + 3_600_000, { hold: 'PAUSED', misfire: FIRE_ONCE })
    expect(told(fires)).toEqual(['SKIPPED PAUSED 05-01T12:01:00 to 05-01T13:00:00 x60'])
    expect(next).toMatchObject({ nextFireAt: noon + 3_660_000, misfireUntil: null })
  })

  it('holds back the rest of a backlog as well', () => {
    const first = plan(minutely, noon, noon + 600_001, { misfire: SKIP, maxOccurrences: 4 })
    const { fires } = plan(minutely, noon, noon + 600_001, { hold: 'TENANT_SUSPENDED', state: first.next! })
    expect(told(fires)).toEqual(['SKIPPED TENANT_SUSPENDED 05-01T12:05:00 to 05-01T12:10:00 x6'])
  })

  it('skips an occurrence only once its jitter has passed', () => {
    const jittery = cron('0 * * * * *', 'UTC', 'DEFAULT', { jitterMs: 30_000 })
    const due = firstState(jittery, 7, noon)!.dueAt
    expect(plan(jittery, noon, due - 1, { hold: 'DISABLED' }).fires).toEqual([])
    expect(plan(jittery, noon, due, { hold: 'DISABLED' }).fires).toMatchObject([{ reason: 'DISABLED', count: 1 }])
    const hour = plan(jittery, noon, noon + 3_600_000 + 30_000, { hold: 'DISABLED' })
    expect(hour.fires).toMatchObject([{ reason: 'DISABLED', count: 60 }])
  })
})

describe('the pace of catching up', () => {
  it.each([1, 7, 59, 60, 61, 119, 125, 179, 600, 6_000])('never exceeds %i runs in any minute', (perMinute) => {
    const schedule = cron('* * * * * *', 'UTC', 'DEFAULT', { endAt: noon + 1_000_000 })
    const started: number[] = []
    let now = noon + 1_001_000
    let state: FirePlan['next'] = firstState(schedule, 7, noon)!
    for (let calls = 0; state !== null && calls < 5_000; calls++) {
      const plan = planFires({
        schedule,
        scheduleId: 7,
        state,
        now,
        misfire: catchUp(300, 86_400_000, perMinute),
        misfireAfterMs: MISFIRE_AFTER_MS,
        hold: null,
        maxRuns: 40,
        maxOccurrences: 500,
      })
      started.push(...plan.fires.filter((fire) => fire.outcome === 'CAUGHT_UP').map(() => now))
      state = plan.next
      // A nudged loop comes early: the pace must not depend on it keeping to dueAt.
      now = Math.max(now + 1, calls % 3 === 0 ? now + 17 : Math.min(plan.next?.dueAt ?? now, now + 60_000))
    }
    expect(started.length).toBe(300)
    const inMinuteFrom = (start: number) => started.filter((each) => each >= start && each < start + 60_000).length
    expect(Math.max(...started.map(inMinuteFrom))).toBeLessThanOrEqual(perMinute)
    const minutes = (started.at(-1)! - started[0]!) / 60_000
    expect(300 / (minutes + 1)).toBeGreaterThan(Math.min(perMinute, 300) / 3)
  })

  it('tells when the next run is allowed', () => {
    const { fires, next } = plan(minutely, noon, noon + 600_001, { misfire: catchUp(5, 86_400_000, 4) })
    expect(fires.map((fire) => fire.outcome)).toEqual(['MISSED', 'CAUGHT_UP'])
    expect(next).toMatchObject({ nextFireAt: noon + 420_000, dueAt: noon + 615_001, paceUntil: noon + 615_001 })
  })
})

describe('when the clock is set back', () => {
  it('catching up goes on', () => {
    const { next } = plan(minutely, noon, noon + 600_001, { misfire: catchUp(5, 86_400_000, 4) })
    const back = plan(minutely, noon, noon + 600_001 - 3_600_000, { misfire: catchUp(5, 86_400_000, 4), state: next! })
    expect(told(back.fires)).toEqual(['CAUGHT_UP MISFIRE 05-01T12:07:00'])
  })

  it('nothing decided is decided again', () => {
    const { next } = plan(minutely, noon, noon + 60_000)
    expect(plan(minutely, noon, noon - 3_600_000, { state: next! })).toEqual({ fires: [], next })
  })
})

describe('a fixed delay', () => {
  const delayed = scheduleOf({ kind: 'FIXED_DELAY', delayMs: 60_000 })

  it('fires first a delay after now or its start, then a delay after each end of a run', () => {
    expect(firstState(delayed, 7, noon)).toMatchObject({ nextFireAt: noon + 60_000, dueAt: noon + 60_000 })
    const later = scheduleOf({ kind: 'FIXED_DELAY', delayMs: 60_000 }, { startAt: noon + 5_000, endAt: noon + 100_000 })
    expect(firstState(later, 7, noon)).toMatchObject({ nextFireAt: noon + 65_000 })
    expect(stateAfterRun(later, 7, noon + 39_999)).toMatchObject({ nextFireAt: noon + 99_999 })
    expect(stateAfterRun(later, 7, noon + 40_000)).toBeNull()
    expect(stateAfterRun(minutely, 7, noon)).toBeNull()
  })

  it('waits for the end of its run', () => {
    expect(plan(delayed, noon, noon + 60_000)).toMatchObject({ fires: [{ outcome: 'RUN', fireAt: noon + 60_000 }], next: null })
  })

  it('goes on after an occurrence that did not run, as if a run had ended now', () => {
    const now = noon + 600_000
    for (const setup of [{ hold: 'PAUSED' }, { misfire: SKIP }, { misfire: catchUp(5, 60_000) }] as const) {
      const { fires, next } = plan(delayed, noon, now, setup)
      expect(fires).toHaveLength(1)
      expect(next).toMatchObject({ nextFireAt: now + 60_000, dueAt: now + 60_000 })
    }
  })

  it('runs late or caught up after an outage if the policy says so', () => {
    expect(plan(delayed, noon, noon + 600_000, { misfire: FIRE_ONCE })).toMatchObject({
      fires: [{ outcome: 'LATE' }],
      next: null,
    })
    expect(plan(delayed, noon, noon + 600_000, { misfire: catchUp(5) })).toMatchObject({
      fires: [{ outcome: 'CAUGHT_UP' }],
      next: null,
    })
  })
})

describe('the first state', () => {
  it('never fires the past', () => {
    expect(firstState(minutely, 7, noon)).toMatchObject({ nextFireAt: noon + 60_000 })
    expect(firstState(scheduleOf({ kind: 'ONCE', at: noon }), 7, noon)).toBeNull()
    expect(firstState(scheduleOf({ kind: 'MANUAL' }), 7, noon)).toBeNull()
    expect(firstState(everyMs(1_000, 0), 7, noon + 1)).toMatchObject({ nextFireAt: noon + 1_000 })
  })
})

describe('misfire policies equal their formula (F19)', () => {
  const outages = { '10 minutes': 600_000, '1 day': 86_400_000, '400 days': 400 * 86_400_000 }
  const rates = { 'a fixed rate of 1 s': everyMs(1_000), 'cron every 30 s': cron('*/30 * * * * ?') }
  const cases = Object.entries(outages).flatMap(([outage, ms]) =>
    Object.entries(rates).map(([rate, schedule]) => ({ outage, ms, rate, schedule })),
  )

  it.each(cases)(
    '$outage of $rate',
    ({ ms, rate, schedule }) => {
      const total = ms / (rate.startsWith('cron') ? 30_000 : 1_000)
      const count = (fires: readonly Fire[], outcome: string) =>
        fires.filter((fire) => fire.outcome === outcome).reduce((sum, fire) => sum + fire.count, 0)
      for (const [misfire, runs, outcome] of [
        [SKIP, 0, 'LATE'],
        [FIRE_ONCE, 1, 'LATE'],
        [catchUp(15), 15, 'CAUGHT_UP'],
      ] as const) {
        const { fires, calls, next } = drain(schedule, noon, noon + ms, { misfire, maxOccurrences: 20_000 })
        expect([count(fires, 'MISSED'), count(fires, outcome)]).toEqual([total - runs, runs])
        expect(next!.nextFireAt).toBeGreaterThan(noon + ms)
        expect(calls).toBeLessThanOrEqual(rate.startsWith('cron') ? total / 20_000 + 2 : 2)
      }
    },
    30_000,
  )
})

// The whole of misfire in one breath, for a list of occurrences: what planFires must equal in however many calls.
function formula(
  occurrences: ReturnType<typeof occurrencesBetween>,
  now: number,
  misfire: MisfirePolicy,
  hold: FirePlanInput['hold'],
): string[] {
  const backlog = hold === null && now - (occurrences[0]?.fireAt ?? now) > MISFIRE_AFTER_MS
  const allowed = occurrences.filter((each) => each.excluded === null).map((each) => each.fireAt)
  const runs = {
    SKIP: () => [],
    FIRE_ONCE: () => allowed.slice(-1),
    CATCH_UP: () =>
      misfire.policy === 'CATCH_UP' ? allowed.filter((each) => each >= now - misfire.windowMs).slice(-misfire.maxFires) : [],
  }[misfire.policy]()
  const ran = new Set<number>(runs)
  return occurrences.map(({ fireAt, excluded }) => {
    if (hold !== null) return `${fireAt} SKIPPED`
    if (excluded !== null) return `${fireAt} SKIPPED`
    if (!backlog) return `${fireAt} RUN`
    return `${fireAt} ${!ran.has(fireAt) ? 'MISSED' : misfire.policy === 'FIRE_ONCE' ? 'LATE' : 'CAUGHT_UP'}`
  })
}

describe('however the calls are chunked', () => {
  const weekend = { mode: 'EXCLUDE', calendar: calendar({ weekdays: [6, 7], timezone: 'Asia/Shanghai' }) } as const
  const holidays = {
    mode: 'EXCLUDE',
    calendar: calendar({ days: ['2026-10-25', '2026-10-27', '2026-03-29'], timezone: 'Europe/Berlin' }),
  } as const
  const input = fc.record({
    expression: fc.constantFrom(
      '* * * * *',
      '*/7 * * * *',
      '0 30 2 * * ?',
      '0 0 */3 * * ?',
      '*/20 * * * * *',
      '0 5,35 1,2 ? * FRI-MON',
      'rate',
    ),
    calendars: fc.subarray([weekend, holidays]),
    misfire: fc.oneof(
      fc.constantFrom(SKIP, FIRE_ONCE),
      fc
        .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4 * 86_400_000 }))
        .map(([n, window]) => catchUp(n, window)),
    ),
    // Just before a change of the clocks, in the middle of a holiday.
    since: fc
      .tuple(fc.constantFrom(at('2026-03-27'), at('2026-10-23')), fc.integer({ min: 0, max: 6 * 86_400 }))
      .map(([start, halfSeconds]) => start + halfSeconds * 500),
    outage: fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 0, max: 2 * 86_400_000 })),
    maxOccurrences: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(100, 1_000)),
    maxRuns: fc.integer({ min: 1, max: 20 }),
    hold: fc.constantFrom(null, null, null, 'PAUSED' as const),
  })
  const schedule = (expression: string, calendars: FirePlanInput['schedule']['spec']['calendars'], jitterMs = 0) => {
    const more = { calendars, jitterMs }
    return expression === 'rate' ? everyMs(45_000, 1, more) : cron(expression, 'Europe/Berlin', 'DEFAULT', more)
  }
  const each = (fires: readonly Fire[], compiled: CompiledSchedule) =>
    fires.flatMap((fire) => {
      const stretch = occurrencesBetween(compiled, fire.fireAt, fire.lastFireAt + 1, Infinity)
      expect(stretch).toHaveLength(fire.count)
      return stretch.map(({ fireAt }) => `${fireAt} ${fire.outcome}`)
    })

  it('every occurrence is decided once, in order, as the formula says', () => {
    fc.assert(
      fc.property(input, ({ expression, calendars, since, outage, ...setup }) => {
        const compiled = schedule(expression, calendars)
        const now = since + outage
        const { fires, next } = drain(compiled, since, now, setup)
        expect(each(fires, compiled)).toEqual(
          formula(occurrencesBetween(compiled, since + 1, now + 1, Infinity), now, setup.misfire, setup.hold),
        )
        expect(next!.nextFireAt).toBeGreaterThan(now)
      }),
      { numRuns: 300 },
    )
  }, 30_000)

  it('the result is the same as from one call, jitter included', () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 0, max: 200_000 }), ({ expression, calendars, since, outage, ...setup }, jitterMs) => {
        const compiled = schedule(expression, calendars, jitterMs)
        const whole = drain(compiled, since, since + outage, { ...setup, maxOccurrences: Infinity, maxRuns: Infinity })
        const chunked = drain(compiled, since, since + outage, setup)
        expect(chunked.fires).toEqual(whole.fires)
        expect({ ...chunked.next, paceUntil: null }).toEqual({ ...whole.next, paceUntil: null })
      }),
      { numRuns: 300 },
    )
  }, 30_000)
})
