import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'

test('a task is described with its schedules, its last runs and the policies that hold in the end', async () => {
  await run(['trigger', 'weather-report-seattle', '--wait'])
  const { code, out } = await run(['describe', 'task', 'weather-report-seattle'])
  expect(code).toBe(0)
  expect(out).toMatch(/^effective:\n {2}timeoutMs: 60000$/m)
  expect(out).toMatch(/^schedules:\n {2}- code: weather-every-minute$/m)
  expect(out).toMatch(/^lastRuns:\n {2}- id: \d+\n {4}state: /m)
})

test('a schedule is described with its next fires and the firing ledger', async () => {
  const described = await runJson<{ nextFires: { local: string }[] }>(['describe', 'schedule', 'weather-every-minute'])
  expect(described.nextFires).toHaveLength(5)
  expect(described.nextFires[0]!.local).toMatch(/:00[+-]\d\d:\d\d$/)
})

test('an app is described with its executors', async () => {
  const { executors } = await runJson<{ executors: unknown[] }>(['describe', 'app', 'examples'])
  expect(executors).toMatchObject([{ instance: 'examples', status: 'ONLINE' }])
})

test('a run is described with its instances', async () => {
  const [run] = await runJson<{ id: number }[]>(['runs', '-n', '1'])
  expect(await runJson(['describe', 'run', String(run!.id)])).toMatchObject({ id: run!.id, instances: [{ runId: run!.id }] })
})

test('what cannot be read by itself is refused with what can', async () => {
  const { code, err } = await run(['describe', 'audit', '1'])
  expect(code).toBe(2)
  expect(err).toMatch(/There are task-types, tasks/)
})
