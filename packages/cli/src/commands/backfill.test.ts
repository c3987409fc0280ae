import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { delayTask, hourlyOf, sharedClient } from '../testing/tasks.ts'

test('backfill runs the fires of a past range with parameters of its own, and live fires stay as they are', async () => {
  const schedule = await hourlyOf(await delayTask(1))
  const { code, out } = await run(['backfill', schedule, '--from', '2026-01-31T00:00Z', '--to', '2026-01-31T03:00Z', '--per-minute', '6000', '-p', 'late=true']) // prettier-ignore
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(/^Backfill \d+ of .+ has begun: .+, 6000 runs a minute\.\n$/),
  })
  const backfills = async () => (await sharedClient().schedules.backfills({ params: { schedule } })).items
  await expect.poll(backfills).toMatchObject([{ state: 'DONE', runs: 3, params: { late: true } }])
  const runs = await runJson<{ fireAt: number; params: unknown }[]>(['runs', '--schedule', schedule])
  const hour = (value: number) => Date.UTC(2026, 0, 31, value)
  expect(runs.map(({ fireAt }) => fireAt).toSorted((a, b) => a - b)).toEqual([hour(0), hour(1), hour(2)])
  expect(runs.map(({ params }) => params)).toEqual([{ late: true }, { late: true }, { late: true }])
})

test.each([
  [['--to', '2026-01-31'], 'the option --from <time> is missing'],
  [['--from', 'yesterday', '--to', '2026-01-31'], 'such as 2026-01-31'],
])('backfill %j is a slip on the command line', async (args, message) => {
  const { code, err } = await run(['backfill', 'hourly', ...args], {})
  expect(code).toBe(2)
  expect(err).toContain(message)
})
