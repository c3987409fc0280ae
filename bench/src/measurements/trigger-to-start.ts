import type { Measurement } from '../bench.ts'
import { instant } from '../harness/clock.ts'
import { inTurns, pace } from '../harness/pace.ts'
import { spreadOf } from '../harness/statistics.ts'

const PER_SECOND = 200
// The JIT compilers of all three processes need some thousand single triggers; a server in use has had them.
const QUICK = { warmUps: 600, seconds: 3 }
const FULL = { warmUps: 10_000, seconds: 30 }
const WARM_UPS_AT_ONCE = 8

/**
 * From the instant at which a trigger was wanted until its handler starts: 200 single triggers a second over HTTP, a pull executor in a
 * process of its own. A trigger that had to wait for its turn counts from when it was wanted.
 */
export const triggerToStart: Measurement = {
  name: 'trigger-to-start',
  async measure(bench) {
    const { client, executor } = await (await bench.carillon()).tenant('latency')
    const trigger = (wantedAt: number) => client.runs.trigger({ params: { task: 'work' }, body: { params: { wantedAt } } })
    const { warmUps, seconds } = bench.quick ? QUICK : FULL
    await inTurns(warmUps, WARM_UPS_AT_ONCE, () => trigger(instant()))
    await executor.until(warmUps)
    await executor.takeDelays()
    const count = await pace(PER_SECOND, seconds, trigger)
    await executor.until(warmUps + count)
    const delays = await executor.takeDelays()
    if (delays.length !== count) throw new Error(`${delays.length} of ${count} handlers started.`)
    const spread = spreadOf(delays)
    return {
      figures: { triggerToStartMs: spread },
      findings: [
        {
          name: 'Trigger to handler start at 200 runs/s',
          figure: `p50 ${spread.p50} ms, p99 ${spread.p99} ms`,
          target: { says: 'p50 ≤ 15 ms, p99 ≤ 100 ms', met: spread.p50 <= 15 && spread.p99 <= 100 },
          note: `${count} single triggers, corrected for coordinated omission`,
        },
      ],
    }
  },
}
