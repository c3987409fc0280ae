import { describe, expect, it } from 'vitest'
import { at } from './schedules.test-helper.ts'
import { closestZone, zoneOf } from './zone.ts'

const HOUR = 3_600_000

describe('a zone', () => {
  it('knows the offset on both sides of a transition, to the second', () => {
    const berlin = zoneOf('Europe/Berlin')!
    const change = at('2026-03-29T01:00')
    expect(berlin.segmentAt(change - 1)).toMatchObject({ offset: HOUR, until: change })
    expect(berlin.segmentAt(change)).toMatchObject({ offset: 2 * HOUR, before: HOUR, from: change })
  })

  it('knows offsets of minutes and seconds, and shifts of half an hour and of a day', () => {
    expect(zoneOf('Asia/Kathmandu')!.segmentAt(at('2026-01-01')).offset).toBe(5.75 * HOUR)
    expect(zoneOf('Africa/Monrovia')!.segmentAt(at('1971-01-01')).offset).toBe(-(44 * 60 + 30) * 1_000)
    expect(zoneOf('Australia/Lord_Howe')!.segmentAt(at('2026-04-04T15:00'))).toMatchObject({
      offset: 10.5 * HOUR,
      before: 11 * HOUR,
    })
    expect(zoneOf('Pacific/Apia')!.segmentAt(at('2011-12-30T10:00'))).toMatchObject({ offset: 14 * HOUR, before: -10 * HOUR })
    expect(zoneOf('UTC')!.segmentAt(at('2026-01-01'))).toMatchObject({ offset: 0, before: 0 })
  })

  it('finds two transitions that cancel each other within a week', () => {
    const recife = zoneOf('America/Recife')!
    expect(recife.segmentAt(at('2000-10-08T03:00'))).toMatchObject({
      from: at('2000-10-08T03:00'),
      until: at('2000-10-15T02:00'),
    })
  })

  it('answers the same whatever was asked before', () => {
    const cairo = zoneOf('Africa/Cairo')!
    const instants = Array.from({ length: 500 }, (_, index) => at('2020-01-01') + index * 5.3 * 86_400_000)
    const forwards = instants.map((instant) => cairo.segmentAt(instant).offset)
    const backwards = [...instants].reverse().map((instant) => cairo.segmentAt(instant).offset)
    expect(backwards.reverse()).toEqual(forwards)
    expect(new Set(forwards)).toEqual(new Set([2 * HOUR, 3 * HOUR]))
  })

  it('shows every edge that is near as a transition', () => {
    const zone = zoneOf('America/New_York')!
    for (let instant = at('2025-01-01'); instant < at('2027-01-01'); instant += 86_400_000 / 4) {
      const { from, until, offset, before } = zone.segmentAt(instant)
      expect(from <= instant && instant < until).toBe(true)
      if (instant - from < 6 * 86_400_000) expect(before).not.toBe(offset)
      if (until - instant < 6 * 86_400_000) expect(zone.segmentAt(until)).toMatchObject({ from: until, before: offset })
    }
  })

  it('is null for a name that the tz database does not have, and the closest name is suggested', () => {
    for (const name of ['Europe/Berln', '', 'Mars/Olympus', '+05:30', 'a'.repeat(10_000)]) expect(zoneOf(name)).toBeNull()
    expect(closestZone('Asia/Shanghia')).toBe('Asia/Shanghai')
    expect(closestZone('Mars/Olympus')).toBeNull()
    expect(closestZone('a'.repeat(10_000))).toBeNull()
  })
})
