import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type RunDetail } from '@carillon/contract'
import { FINAL_RUN_STATES } from '@carillon/core'
import { runHandler } from '@carillon/executor/testing'
import { reachEmbeddedPostgres } from '@carillon/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { TASK } from '../set-up.ts'
import { datasetFile } from './dataset.ts'
import { openWeatherStore, type WeatherStore } from './store.ts'
import { weatherReport } from './weather-report.ts'

/** The months of a place straight from the file of the package, sharing no code with the example: line, filter, group. */
function expectedMonths(location: string): string[] {
  const days = readFileSync(datasetFile(), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${location},`))
    .map((line) => line.split(','))
  const names = [...new Set(days.map(([, date]) => date!.slice(0, 7)))].sort()
  const tenths = (value: number) => Math.round(value * 10) / 10
  return names.map((name) => {
    const rows = days
      .filter(([, date]) => date!.startsWith(name))
      .map((row) => row.slice(2, 6).map(Number) as [number, number, number, number])
    const total = (pick: (row: [number, number, number, number]) => number) => rows.map(pick).reduce((a, b) => a + b, 0)
    return [
      name,
      rows.length,
      tenths(total(([, max, min]) => (max + min) / 2) / rows.length),
      Math.min(...rows.map(([, , min]) => min)),
      Math.max(...rows.map(([, max]) => max)),
      rows.filter(([rain]) => rain > 0).length,
      tenths(total(([rain]) => rain)),
      tenths(total(([, , , wind]) => wind) / rows.length),
    ].join(',')
  })
}

describe('in the product, as `npm start` runs it', () => {
  const client = () => createClient({ baseUrl: inject('dev').server, token: inject('dev').token })

  async function ended(run: number): Promise<RunDetail> {
    for (;;) {
      const found = await client().runs.get({ params: { run } })
      if (FINAL_RUN_STATES.includes(found.state)) return found
    }
  }

  test.each(['Seattle', 'New York'])(
    'the months of %s are those of the public data set, and its days are all there',
    async (location) => {
      const { runId } = await client().runs.trigger({ params: { task: TASK }, body: { params: { location } } })
      const run = await ended(runId)
      expect(run.state).toBe('SUCCESS')
      const { folder } = run.instances[0]!.output as { folder: string }
      const [, ...months] = readFileSync(join(folder, 'monthly.csv'), 'utf8').trimEnd().split('\n')
      expect(months).toEqual(expectedMonths(location))
      const days = readFileSync(join(folder, 'daily.csv'), 'utf8').trimEnd().split('\n').slice(1)
      const source = readFileSync(datasetFile(), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(`${location},`))
      expect(days.map((line) => line.split(',').map(maybeNumber))).toEqual(
        source.map((line) => line.split(',').slice(1).map(maybeNumber)),
      )
      const report = readFileSync(join(folder, 'report.md'), 'utf8')
      for (const month of months) expect(report).toContain(`| ${month.split(',').join(' | ')} |`)
    },
  )

  test('within a minute the schedule has fired by itself, and the export is named for the planned time', async () => {
    const scheduled = async () =>
      (await client().runs.list({ query: { task: TASK, origin: 'SCHEDULE', state: ['SUCCESS'] } })).items[0]
    await expect.poll(scheduled, { timeout: 75_000, interval: 500 }).toBeDefined()
    const { id, fireAt } = (await scheduled())!
    const run = await client().runs.get({ params: { run: id } })
    const { folder } = run.instances[0]!.output as { folder: string }
    expect(folder.endsWith(new Date(fireAt!).toISOString().slice(0, 19).replaceAll(':', '-'))).toBe(true)
    expect(existsSync(join(folder, 'report.md'))).toBe(true)
  })
})

/** `12.0` in the file and `12` from the database are the same. */
const maybeNumber = (text: string) => (text !== '' && Number.isFinite(Number(text)) ? Number(text) : text)

describe('the handler', () => {
  let store: WeatherStore
  let exports: string
  beforeAll(async () => {
    const { url } = await reachEmbeddedPostgres({ dataDir: inject('dev').dataDir, log: () => undefined })
    store = await openWeatherStore(url.replace('/carillon?', '/weather_report_test?'))
  })
  afterAll(() => store.close())
  beforeEach(() => {
    exports = mkdtempSync(join(tmpdir(), 'carillon-exports-'))
  })
  afterEach(() => rmSync(exports, { recursive: true, force: true }))

  const minute = (count: number) => Date.UTC(2026, 10, 21, 9, count)
  const run = (instance: Parameters<typeof runHandler>[1]) =>
    runHandler(weatherReport({ store, exports }), { params: { location: 'Seattle' }, fireAt: minute(0), ...instance })

  test('a repeated attempt for the same planned time changes nothing and answers the same', async () => {
    const first = await run({})
    const again = await run({ attempt: 2 })
    expect(again).toMatchObject({ outcome: 'SUCCESS', output: first.output })
    expect(again.logs.map(({ text }) => text).join()).toContain('This export is there already')
    expect(readdirSync(join(exports, 'seattle'))).toEqual(['2026-11-21T09-00-00'])
  })

  test('two attempts at the same moment leave one whole export', async () => {
    const [one, other] = await Promise.all([run({}), run({ attempt: 2 })])
    expect([one.outcome, other.outcome]).toEqual(['SUCCESS', 'SUCCESS'])
    expect(readdirSync(join(exports, 'seattle'))).toEqual(['2026-11-21T09-00-00'])
  })

  test('cancelled, it ends and leaves nothing half-written', async () => {
    const abort = new AbortController()
    abort.abort()
    expect(await run({ signal: abort.signal })).toMatchObject({ outcome: 'FAILURE' })
    expect(readdirSync(join(exports, 'seattle'))).toEqual([])
  })

  test('progress rises to 100 %', async () => {
    const percents = (await run({})).progress.map(({ percent }) => percent)
    expect(percents).toEqual([...percents].sort((a, b) => a - b))
    expect(percents.at(-1)).toBe(100)
    expect(percents.length).toBeGreaterThan(3)
  })

  test('the newest exports are kept, older ones deleted; those made by hand stay', async () => {
    await run({ fireAt: null, idempotencyKey: '1-7' })
    for (const count of [1, 2, 3]) await run({ fireAt: minute(count), params: { location: 'Seattle', keep: 2 } })
    expect(readdirSync(join(exports, 'seattle')).sort()).toEqual(['2026-11-21T09-02-00', '2026-11-21T09-03-00', 'manual-1-7'])
  })

  test('a place that it does not know fails for good', async () => {
    expect(await run({ params: { location: 'Bonn' } })).toMatchObject({ outcome: 'FAILURE', retriable: false })
  })
})
