import type { ScheduleDays, ScheduleLoad, scheduleLoadRoutes } from '@carillon/contract'
import { localDays, type LocalDay } from '@carillon/core'
import { invalid } from '../../definition/invalid.ts'
import { daysOf } from '../../definition/schedule-days.ts'
import { loadOf } from '../../definition/schedule-load.ts'
import { selectTimings } from '../../storage/schedule-load.ts'
import { createMemo, type Memo } from '../../runtime/memo.ts'
import type { Handlers } from '../context.ts'

const MINUTE = 60_000
const MOST_SCHEDULES = 10_000

export type ScheduleLoads = Memo<string, [() => Promise<ScheduleLoad>], ScheduleLoad>
export type ScheduleDayMaps = Memo<string, [() => Promise<ScheduleDays>], ScheduleDays>

/** Half a minute old at most: working one out takes the processor a while. */
export function createScheduleLoads(): ScheduleLoads {
  return createMemo({ trustedMs: 30_000, most: 200 }, (_: string, look: () => Promise<ScheduleLoad>) => look())
}

/** As long, and fewer: one of many schedules is large. */
export function createScheduleDays(): ScheduleDayMaps {
  return createMemo({ trustedMs: 30_000, most: 20 }, (_: string, look: () => Promise<ScheduleDays>) => look())
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
  days: async ({ query: { from, days: count = 31, timezone = 'UTC' } }, { read, services, tenantId }) => {
    const look = async (): Promise<ScheduleDays> => {
      const { now, days, timings } = await read(async (tx) => {
        const now = await tx.now()
        const days = daysFrom(timezone, from ?? null, now, count)
        return { now, days, timings: await selectTimings(tx, tenantId, days.at(-1)!.until, MOST_SCHEDULES + 1) }
      })
      const looked = timings.slice(0, MOST_SCHEDULES)
      const { more, ...map } = await daysOf(looked, { days, now })
      return { timezone, ...map, schedules: looked.length, more: more || timings.length > MOST_SCHEDULES }
    }
    return (await services.scheduleDays.get(`${tenantId}:${from ?? ''}:${count}:${timezone}`, look))!
  },
}

/** Today in that zone where no first day is given. */
function daysFrom(timezone: string, from: string | null, now: number, count: number): readonly LocalDay[] {
  if (from !== null && !isDay(from)) throw invalid('/query/from', 'is no day from 1970 to 9998; write it as YYYY-MM-DD')
  const days = localDays(timezone, from ?? dayText(now), from === null ? count + 2 : count)
  if (days === null) throw invalid('/query/timezone', 'names no time zone; write it as in Asia/Shanghai')
  if (from !== null) return days
  return days.filter(({ until }) => until > now).slice(0, count)
}

function isDay(text: string): boolean {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text) && text >= '1970' && text < '9999'
}

/** The day before that of UTC: somewhere it is still today. */
const dayText = (now: number): string => new Date(now - 86_400_000).toISOString().slice(0, 10)
