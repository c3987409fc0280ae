import type { PromisedSchedule } from '../record/promised.ts'

/** When a schedule should have fired before an instant: enumerated step by step, sharing no code with the product. */
export function occurrencesOf({ timing, firstAt }: PromisedSchedule, before: number): number[] {
  const fires: number[] = []
  const step = timing.kind === 'CRON' ? 1_000 : timing.everyMs
  for (let at = firstAt; at < before; at += step) {
    if (timing.kind === 'FIXED_RATE' || new Date(at).getUTCSeconds() % timing.everySeconds === 0) fires.push(at)
  }
  return fires
}
