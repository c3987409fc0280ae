import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineHandler, FatalError, type Handler, type HandlerContext } from '@carillon/executor'
import { DAILY_HEAD, dailyLine, report } from '../weather/files.ts'
import { MonthlySums, type Month } from '../weather/months.ts'
import type { WeatherStore } from '../weather/store.ts'
import { DAYS_PARAMS, MONTH_PARAMS, SUMMARY_PARAMS } from './params.ts'

interface Workplace {
  readonly store: WeatherStore
  readonly exports: string
}

/** What the nodes of the DAG `weather-year` do. Each may run on another executor: what one needs of another comes in its parameters. */
export function weatherYear(workplace: Workplace): readonly Handler[] {
  return [yearDays(workplace), yearMonth(workplace), yearSummary(workplace)]
}

/** Exports the days of a year into CSV, and answers which months they are in. */
function yearDays({ store, exports }: Workplace): Handler {
  return defineHandler({
    name: 'weather-year-days',
    params: DAYS_PARAMS,
    run: async (context) => {
      const { log, progress, signal } = context
      const { location, year } = context.params
      const all = await store.daysBetween(location, `${year}-01-01`, `${year}-12-31`)
      if (all.length === 0) throw new FatalError(`There are no days of ${location} in ${year}`, { code: 'NO_DATA' })
      const months = [...new Set(all.map(({ date }) => date.slice(0, 7)))]
      log.info(`Exporting ${all.length} days of ${location} in ${year}`)
      let csv = DAILY_HEAD
      for (const [index, month] of months.entries()) {
        signal.throwIfAborted()
        const days = all.filter(({ date }) => date.startsWith(month))
        csv += days.map(dailyLine).join('')
        progress((100 * (index + 1)) / months.length, `${index + 1} of ${months.length} months`)
        log.info(`${month}: ${days.length} days`)
      }
      return { file: await publish(exports, context, 'csv', csv), days: all.length, months }
    },
  })
}

/** Sums up the days of one month. */
function yearMonth({ store }: Workplace): Handler {
  return defineHandler({
    name: 'weather-year-month',
    params: MONTH_PARAMS,
    run: async ({ params: { location, month: wanted }, log }) => {
      const sums = new MonthlySums()
      for (const day of await store.daysBetween(location, `${wanted}-01`, `${wanted}-${lastDayOf(wanted)}`)) sums.add(day)
      const [month] = sums.months()
      if (month === undefined) throw new FatalError(`There are no days of ${location} in ${wanted}`, { code: 'NO_DATA' })
      log.info(`${wanted}: ${month.precipitation} mm on ${month.rainDays} of ${month.days} days, ${month.tempMean} °C on average`)
      return month
    },
  })
}

/** Writes a report of the months that it is given. */
function yearSummary({ exports }: Workplace): Handler {
  return defineHandler({
    name: 'weather-year-summary',
    params: SUMMARY_PARAMS,
    run: async (context) => {
      const { location, fail = false } = context.params
      // The schema asks for objects; that they are months is the business of whoever gives them.
      const months = context.params.months as unknown as readonly Month[]
      context.log.info(`Reporting ${months.map(({ month }) => month).join(', ')} of ${location}`)
      if (fail) {
        context.log.error('The parameter "fail" asks for a failure')
        throw new FatalError('The parameter "fail" asked for it: run it again from what failed, without', {
          code: 'ASKED_TO_FAIL',
        })
      }
      const file = await publish(exports, context, 'md', report(location, months))
      context.log.info('Wrote the report', { file })
      return { file, months: months.length }
    },
  })
}

/** The file is there whole or not at all; every attempt of an instance writes the same under the same name. */
async function publish(exports: string, context: HandlerContext, suffix: string, text: string): Promise<string> {
  const folder = join(exports, 'weather-year')
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${context.handler}-${context.idempotencyKey.replace(/[^a-zA-Z0-9]+/g, '-')}.${suffix}`)
  const draft = `${file}.draft-${context.token}`
  await writeFile(draft, text)
  await rename(draft, file)
  return file
}

function lastDayOf(month: string): number {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 0)).getUTCDate()
}
