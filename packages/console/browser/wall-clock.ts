/**
 * When clocks on walls show a time, found by looking at them minute by minute. It shares nothing with the scheduler but the rule: a time that is
 * lost comes at the first instant after the gap, and one that comes twice counts once, the first time.
 */

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

interface Shown {
  readonly day: string
  /** Minutes since midnight, as the clock shows them. */
  readonly minute: number
}

const faces = new Map<string, Intl.DateTimeFormat>()

function shownAt(timeZone: string, at: number): Shown {
  const face =
    faces.get(timeZone) ??
    new Intl.DateTimeFormat('en-CA', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit' },
    })
  faces.set(timeZone, face)
  const parts = Object.fromEntries(face.formatToParts(at).map(({ type, value }) => [type, value]))
  return {
    day: `${parts['year']}-${parts['month']}-${parts['day']}`,
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
  }
}

const offsetAt = (timeZone: string, at: number): number => {
  const { day, minute } = shownAt(timeZone, at)
  return Date.parse(`${day}T00:00:00Z`) + minute * MINUTE - Math.floor(at / MINUTE) * MINUTE
}

/** The changes of the next 400 days: the first instant of the new time, and by how much the clocks go forward. */
export function changesOf(timeZone: string, from: number): { at: number; byMs: number }[] {
  const found: { at: number; byMs: number }[] = []
  for (let at = Math.floor(from / HOUR) * HOUR; at < from + 400 * DAY; at += HOUR) {
    const byMs = offsetAt(timeZone, at + HOUR) - offsetAt(timeZone, at)
    if (byMs === 0) continue
    const change = Array.from({ length: 60 }, (_, minute) => at + (minute + 1) * MINUTE).find(
      (each) => offsetAt(timeZone, each) !== offsetAt(timeZone, at),
    )!
    found.push({ at: change, byMs })
  }
  return found
}

/** The first `count` instants, from `from` on, at which a clock of the zone shows one of these times (minutes since midnight). */
export function firesByTheClock(timeZone: string, times: readonly number[], from: number, count: number): number[] {
  const found = new Set<number>()
  const seen = new Set<string>()
  // From the day before, so that what comes twice has been seen the first time.
  let before = shownAt(timeZone, from - DAY)
  for (let at = Math.floor((from - DAY) / MINUTE) * MINUTE; at < from + (count + 3) * DAY; at += MINUTE) {
    const shown = shownAt(timeZone, at)
    for (const time of times) {
      const isShown = shown.minute === time
      const isLost = shown.day === before.day && before.minute < time && time < shown.minute
      const name = `${shown.day} ${time}`
      if ((isShown || isLost) && !seen.has(name)) {
        seen.add(name)
        if (at >= from) found.add(at)
      }
    }
    before = shown
  }
  return [...found].slice(0, count)
}
