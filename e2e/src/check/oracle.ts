import type { PromisedSchedule } from '../record/promised.ts'

/**
 * When a schedule should have fired: enumerated second by second, sharing no code with the product. `before` bounds a schedule that had no
 * end.
 */
export function occurrencesOf({ timing, firstAt, endAt }: PromisedSchedule, before: number): number[] {
  const fires: number[] = []
  const end = Math.min(endAt ?? before, before)
  const step = timing.kind === 'CRON' ? 1_000 : timing.everyMs
  for (let at = firstAt; at < end; at += step) {
    if (timing.kind === 'FIXED_RATE' || new Date(at).getUTCSeconds() % timing.everySeconds === 0) fires.push(at)
  }
  return fires
}
