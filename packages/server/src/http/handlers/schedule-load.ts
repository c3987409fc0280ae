import type { ScheduleLoad, scheduleLoadRoutes } from '@carillon/contract'
import { loadOf } from '../../definition/schedule-load.ts'
import { selectTimings } from '../../storage/schedule-load.ts'
import { createMemo, type Memo } from '../../runtime/memo.ts'
import type { Handlers } from '../context.ts'

const MINUTE = 60_000
const MOST_SCHEDULES = 10_000

export type ScheduleLoads = Memo<string, [() => Promise<ScheduleLoad>], ScheduleLoad>

/** Half a minute old at most: working one out takes the processor a while. */
export function createScheduleLoads(): ScheduleLoads {
  return createMemo({ trustedMs: 30_000, most: 200 }, (_: string, look: () => Promise<ScheduleLoad>) => look())
}

export const scheduleLoadHandlers: Handlers<typeof scheduleLoadRoutes> = {
  get: async ({ query: { from: given, hours = 24 } }, { read, services, tenantId }) => {
    const look = async (): Promise<ScheduleLoad> => {
      const { from, timings } = await read(async (tx) => {
        const from = Math.floor((given ?? (await tx.now())) / MINUTE) * MINUTE
        return { from, timings: await selectTimings(tx, tenantId, from + hours * 60 * MINUTE, MOST_SCHEDULES + 1) }
      })
      const looked = timings.slice(0, MOST_SCHEDULES)
      const { more, ...load } = await loadOf(looked, { from, minutes: hours * 60 })
      const to = from + hours * 60 * MINUTE
      return { from, to, ...load, schedules: looked.length, more: more || timings.length > MOST_SCHEDULES }
    }
    return (await services.scheduleLoads.get(`${tenantId}:${given ?? ''}:${hours}`, look))!
  },
}
