import { readFileSync } from 'node:fs'
import { createClient, type RunDetail } from '@carillon/contract'
import { FINAL_RUN_STATES } from '@carillon/core'
import { expect, inject, test } from 'vitest'
import { datasetFile } from '../weather/dataset.ts'
import { DAG } from './documents.ts'

// In the product, as `npm start` runs it.

const client = () => createClient({ baseUrl: inject('dev').server, token: inject('dev').token })

async function ended(run: number): Promise<RunDetail> {
  for (;;) {
    const found = await client().runs.get({ params: { run } })
    if (FINAL_RUN_STATES.includes(found.state)) return found
  }
}

async function runDag(params: Record<string, unknown>): Promise<RunDetail> {
  return ended((await client().runs.triggerDag({ params: { dag: DAG }, body: { params } })).runId)
}

/** The rain of each month straight from the file of the package, sharing no code with the example. */
function rainOf(location: string, year: number): Map<string, number> {
  const rain = new Map<string, number>()
  for (const line of readFileSync(datasetFile(), 'utf8').split('\n')) {
    const [place, date, millimetres] = line.split(',')
    if (place === location && date!.startsWith(`${year}-`))
      rain.set(date!.slice(0, 7), (rain.get(date!.slice(0, 7)) ?? 0) + Number(millimetres))
  }
  return rain
}

const statesOf = ({ instances }: RunDetail) =>
  Object.fromEntries(instances.filter(({ nodeCode }) => nodeCode !== 'months').map(({ nodeCode, state }) => [nodeCode, state]))

const reportOf = ({ instances }: RunDetail, node: string): string => {
  const { output } = instances.find(({ nodeCode }) => nodeCode === node)!
  return readFileSync((output as { file: string }).file, 'utf8')
}

const monthsIn = (report: string) => Array.from(report.matchAll(/^\| (\d{4}-\d\d) /gm), ([, month]) => month)

test('as it is first run, it sums up twelve months side by side and reports them, and the wet ones once more', async () => {
  const run = await runDag({})
  expect(run.state).toBe('SUCCESS')
  expect(statesOf(run)).toEqual({ days: 'SUCCESS', wet: 'SUCCESS', report: 'SUCCESS' })
  const rain = rainOf('Seattle', 2015)
  expect(monthsIn(reportOf(run, 'report'))).toEqual([...rain.keys()])
  for (const [month, millimetres] of rain)
    expect(reportOf(run, 'report')).toMatch(new RegExp(`^\\| ${month} .*\\| ${Math.round(millimetres * 10) / 10} \\|`, 'm'))
  expect(monthsIn(reportOf(run, 'wet'))).toEqual([...rain].filter(([, sum]) => sum >= 150).map(([month]) => month))
  const { file, days } = run.instances.find(({ nodeCode }) => nodeCode === 'days')!.output as { file: string; days: number }
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(days + 1)
})

test('a year without wet months skips their report, and is reported all the same', async () => {
  expect(Math.max(...rainOf('New York', 2015).values())).toBeLessThan(150)
  const run = await runDag({ location: 'New York' })
  expect(run.state).toBe('SUCCESS')
  expect(statesOf(run)).toEqual({ days: 'SUCCESS', wet: 'SKIPPED', report: 'SUCCESS' })
})

test('asked to fail it fails in its report, and from there it is run again with other parameters', async () => {
  const failed = await runDag({ fail: true })
  expect([failed.state, statesOf(failed)]).toEqual(['FAILED', { days: 'SUCCESS', wet: 'SUCCESS', report: 'FAILED' }])
  const body = { from: 'FAILED', params: { fail: false } } as const
  const { newRunId } = await client().runs.retry({ params: { run: failed.id }, body })
  const again = await ended(newRunId!)
  expect(again.state).toBe('SUCCESS')
  // What stands wrote nothing here, and its output is what it was.
  const written = again.instances.map(async ({ id, nodeCode }) => {
    const { lines } = await client().instances.logs({ params: { instance: id } })
    return lines > 0 ? [nodeCode] : []
  })
  expect((await Promise.all(written)).flat()).toEqual(['report'])
  expect(reportOf(again, 'wet')).toBe(reportOf(failed, 'wet'))
  expect(monthsIn(reportOf(again, 'report'))).toHaveLength(12)
})

test('a year that the data set does not have is refused', async () => {
  const trigger = client().runs.triggerDag({ params: { dag: DAG }, body: { params: { year: 1999 } } })
  await expect(trigger).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
})
