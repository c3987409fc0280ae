// Loaded before a server node (`node --import`): its clock is an hour ahead. Only the monotonic clock stays as it was.
const AHEAD_MS = 3_600_000

const Real = Date
class Skewed extends Real {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(Real.now() + AHEAD_MS)
    else super(...(given as [number]))
  }

  static override now(): number {
    return Real.now() + AHEAD_MS
  }
}
globalThis.Date = Skewed as DateConstructor
