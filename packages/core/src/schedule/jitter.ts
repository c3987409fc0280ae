/**
 * The delay of one fire: 0 to `jitterMs`, whole milliseconds, uniformly spread over schedules and fires, and always the same for the
 * same fire, so that every server node and every restart agrees.
 */
export function jitterOf(scheduleId: number, fireAt: number, jitterMs: number): number {
  if (jitterMs <= 0) return 0
  let hash = 0x9e3779b9
  for (const word of [scheduleId, scheduleId / 2 ** 32, fireAt, fireAt / 2 ** 32]) hash = mix(hash, word)
  return Math.floor((hash / 2 ** 32) * (jitterMs + 1))
}

// One round of MurmurHash3 with its finalizer: neighbours in id or time must not be neighbours in delay.
function mix(hash: number, word: number): number {
  let h = hash ^ Math.imul(Math.imul(Math.floor(word) | 0, 0xcc9e2d51), 0x1b873593)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
