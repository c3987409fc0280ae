import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineHandler, FatalError, type Handler, type HandlerContext } from '@carillon/executor'
import { LOCATIONS } from './dataset.ts'
import { DAILY_HEAD, dailyLine, monthlyCsv, report } from './files.ts'
import { MonthlySums } from './months.ts'
import type { WeatherStore } from './store.ts'

/** Serves as the type's schema too, so that the server refuses what the handler could not use. */
export const WEATHER_REPORT_PARAMS = {
  type: 'object',
  properties: {
    location: { type: 'string', enum: LOCATIONS, description: 'Where' },
    keep: { type: 'integer', minimum: 1, maximum: 10_000, description: 'Newest exports to keep; older ones are deleted' },
  },
  required: ['location'],
  additionalProperties: false,
} as const

interface Params {
  readonly location: string
  readonly keep?: number
}

interface Summary {
  readonly folder: string
  readonly days: number
  readonly months: number
}

const BATCH = 250
const SUMMARY = 'summary.json'

/**
 * Exports the days of a place from the table into CSV and sums them up, month by month, into CSV and a Markdown report.
 *
 * Idempotent by the planned time: all files appear at once in a folder named for it, and where that folder is there already, a repeated
 * attempt answers what the first one did.
 */
export function weatherReport({ store, exports }: { store: WeatherStore; exports: string }): Handler {
  return defineHandler({
    name: 'weather-report',
    params: WEATHER_REPORT_PARAMS,
    run: async (context) => {
      const { location, keep = 20 } = context.params as Params
      const parent = join(exports, slug(location))
      const folder = join(parent, folderName(context))
      await mkdir(parent, { recursive: true })
      const done = await readSummary(folder)
      if (done) {
        context.log.info('This export is there already', { folder })
        return done
      }
      const draft = await mkdtemp(join(parent, '.draft-'))
      try {
        const summary = { folder, ...(await write(draft, location, store, context)) }
        await writeFile(join(draft, SUMMARY), JSON.stringify(summary))
        await publish(draft, folder)
        await prune(parent, keep, context)
        context.log.info(`Wrote ${summary.months} months of ${location}`, { folder })
        return summary
      } finally {
        await rm(draft, { recursive: true, force: true })
      }
    },
  })
}

async function write(
  folder: string,
  location: string,
  store: WeatherStore,
  { log, progress, signal }: HandlerContext,
): Promise<{ days: number; months: number }> {
  const total = await store.count(location)
  if (total === 0) throw new FatalError(`There are no days of ${location} in the table`, { code: 'NO_DATA' })
  log.info(`Exporting ${total} days of ${location}`)
  const sums = new MonthlySums()
  const daily = await open(join(folder, 'daily.csv'), 'w')
  let days = 0
  try {
    await daily.write(DAILY_HEAD)
    for await (const batch of store.days(location, BATCH)) {
      signal.throwIfAborted()
      for (const day of batch) sums.add(day)
      await daily.write(batch.map(dailyLine).join(''))
      days += batch.length
      progress((100 * days) / total, `${days} of ${total} days`)
      log.debug(`Exported up to ${batch.at(-1)!.date}`)
    }
  } finally {
    await daily.close()
  }
  const months = sums.months()
  await writeFile(join(folder, 'monthly.csv'), monthlyCsv(months))
  await writeFile(join(folder, 'report.md'), report(location, months))
  return { days, months: months.length }
}

/** Another attempt may have published the same export meanwhile; it holds the same, so either may stay. */
async function publish(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') || !(await readSummary(folder)))
      throw error
  }
}

/** A schedule names the folder by its planned time, a trigger by its instance: the same for every attempt, another for every run. */
function folderName({ fireAt, idempotencyKey }: HandlerContext): string {
  return fireAt === null ? `manual-${slug(idempotencyKey)}` : new Date(fireAt).toISOString().slice(0, 19).replaceAll(':', '-')
}

const slug = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, '-')

async function readSummary(folder: string): Promise<Summary | null> {
  try {
    return JSON.parse(await readFile(join(folder, SUMMARY), 'utf8')) as Summary
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Planned times sort as they follow each other. Exports that somebody asked for by hand stay. */
async function prune(parent: string, keep: number, { log }: HandlerContext): Promise<void> {
  const planned = (await readdir(parent)).filter((name) => /^\d{4}-/.test(name)).sort()
  for (const name of planned.slice(0, -keep)) {
    await rm(join(parent, name), { recursive: true, force: true })
    log.debug(`Deleted the old export ${name}`)
  }
}
