import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { builtinTask, dagOf, delayTask, failingTask, sharedClient } from '../testing/tasks.ts'

interface Run {
  readonly id: number
  readonly state: string
  readonly origin: string
  readonly params: unknown
  readonly instances: { readonly output: { readonly folder: string } }[]
}

test('--wait ends with 0 when the run succeeded; the work is done and the run says that the CLI began it', async () => {
  const ended = await runJson<Run>(['trigger', 'weather-report-seattle', '--wait', '-p', 'location=New York'])
  expect(ended).toMatchObject({ state: 'SUCCESS', origin: 'CLI', params: { location: 'New York' } })
  const { folder } = ended.instances[0]!.output
  expect(existsSync(join(folder, 'monthly.csv'))).toBe(true)
  expect(readFileSync(join(folder, 'report.md'), 'utf8')).toMatch(/^# Weather of New York/)
})

test('--wait ends with 1 when the run failed, and says why and where to look', async () => {
  const { code, err } = await run(['trigger', await failingTask(), '--wait'])
  expect(code).toBe(1)
  expect(err).toMatch(/error: Run \d+ ended: FAILED in .* \(.+\)\n {2}npx carillon logs \d+ shows its log/)
})

test('--follow shows the log line by line and then how it ended', async () => {
  const { code, out } = await run([
    'trigger',
    await builtinTask({ kind: 'log', settings: { message: 'Good morning 早上好' } }),
    '--follow',
  ])
  expect(code).toBe(0)
  expect(out).toMatch(/\d\d:\d\d:\d\d\.\d{3} INFO {2}Good morning 早上好\n[\s\S]*Run \d+ ended: SUCCESS/)
})

test('without --wait it answers with the run at once', async () => {
  const { code, out } = await run(['trigger', await builtinTask({ kind: 'delay', settings: { ms: 1 } })])
  expect(code).toBe(0)
  expect(out).toMatch(/^Run \d+ started\.\n$/)
})

test('a parameter that the task cannot take is refused, and no run begins', async () => {
  const before = await runJson<Run[]>(['runs', '--task', 'weather-report-seattle', '-n', '1'])
  const { code, err } = await run(['trigger', 'weather-report-seattle', '-p', 'location=Bonn'])
  expect(code).toBe(4)
  expect(err).toContain('/params/location must be one of Seattle, New York')
  const after = await runJson<Run[]>(['runs', '--task', 'weather-report-seattle', '-n', '1'])
  expect(after.filter(({ params }) => JSON.stringify(params).includes('Bonn'))).toEqual([])
  expect(before.length).toBeLessThanOrEqual(1)
})

test('the same idempotency key starts one run', async () => {
  const task = await builtinTask({ kind: 'delay', settings: { ms: 1 } })
  const once = await runJson<{ runId: number }>(['trigger', task, '--idempotency-key', 'k-1'])
  const twice = await runJson<{ runId: number }>(['trigger', task, '--idempotency-key', 'k-1'])
  expect(twice.runId).toBe(once.runId)
  expect(await runJson<Run[]>(['runs', '--task', task])).toHaveLength(1)
})

test('a task that is not there ends with 3', async () => {
  expect((await run(['trigger', 'nope'])).code).toBe(3)
})

test('how a DAG ended names the node that failed, and not one that was skipped', async () => {
  const [good, bad] = [await builtinTask({ kind: 'log', settings: { message: 'good' } }), await failingTask()]
  const { dags, dagVersions } = sharedClient()
  const dag = async (code: string, first: string) => {
    await dags.create({ body: { code } })
    const nodes = [
      { code: 'first', task: first },
      { code: 'rare', task: good },
    ]
    const edges = [{ from: 'first', to: 'rare', condition: 'params.rare == true' }]
    const definition = { params: { rare: false }, nodes, edges }
    const { number } = await dagVersions.create({ params: { dag: code }, body: { definition } })
    await dagVersions.activate({ params: { dag: code, number }, body: {} })
    return run(['trigger', code, '--dag', '--wait'])
  }
  const succeeded = await dag(`good-${good}`, good)
  expect(succeeded.out).toMatch(/^Run \d+ ended: SUCCESS in [^()]+$/)
  const logs = await run(['logs', /\d+/.exec(succeeded.out)![0]])
  expect([logs.out, logs.err]).toEqual([expect.stringContaining('good'), expect.stringMatching(/first, instance \d+, SUCCESS:/)])
  const failed = await dag(`bad-${good}`, bad)
  expect(failed).toMatchObject({ code: 1, err: expect.stringMatching(/ended: FAILED .*\(first: .+\)[\s\S]*its nodes/) })
})

test('--dag runs a DAG, of the version that is named; what is for DAGs alone is refused without it', async () => {
  const task = await builtinTask({ kind: 'delay', settings: { ms: 1 } })
  const { dags, dagVersions, runs } = sharedClient()
  const dag = `dag-${task}`
  await dags.create({ body: { code: dag } })
  for (const code of ['first', 'second']) {
    const { number } = await dagVersions.create({ params: { dag }, body: { definition: { nodes: [{ code, task }], edges: [] } } })
    await dagVersions.activate({ params: { dag, number }, body: {} })
  }
  const ended = await runJson<Run>(['trigger', dag, '--dag', '--dag-version', '1', '--wait'])
  expect(ended).toMatchObject({ state: 'SUCCESS', origin: 'CLI' })
  expect((await runs.get({ params: { run: ended.id } })).dag).toMatchObject({ code: dag, version: 1 })
  expect(await run(['trigger', task, '--dag-version', '1'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('are for DAGs'),
  })
})

test('several tasks or DAGs begin in one call; each is answered by itself', async () => {
  const [one, two] = [await delayTask(1), await delayTask(1)]
  const { code, out, err } = await run(['trigger', one, 'nope', two, '-p', 'n=1'])
  expect(code).toBe(3)
  expect(out).toMatch(new RegExp(`^Task ${one} started as run \\d+\\.\\nTask ${two} started as run \\d+\\.\\n$`))
  expect(err).toContain('Task nope: ')
  expect(await runJson<Run[]>(['runs', '--task', two])).toMatchObject([{ params: { n: 1 } }])
  const definition = { nodes: [{ code: 'ask', approval: {} }], edges: [] }
  const dags = [await dagOf(definition), await dagOf(definition)]
  const began = await runJson<{ ok: boolean; dag: string; runId: number }[]>(['trigger', '--dag', ...dags])
  expect(began.map(({ dag }) => dag)).toEqual(dags)
  await run(['cancel', ...began.map(({ runId }) => String(runId))])
})

test('--wait waits for all of several, and ends with 1 when one has failed; the same key again starts nothing', async () => {
  const [good, bad] = [await delayTask(1), await failingTask()]
  const { code, out, err } = await run(['trigger', good, bad, '--wait', '--idempotency-key', `several-${good}`])
  expect(code).toBe(1)
  expect(out).toMatch(new RegExp(`^Run \\d+ of ${good} ended: SUCCESS in .+\\.\\n$`))
  expect(err).toMatch(new RegExp(`Run \\d+ of ${bad}: FAILED in .+ \\(.+\\)`))
  await run(['trigger', good, bad, '--idempotency-key', `several-${good}`])
  expect(await runJson<Run[]>(['runs', '--task', good])).toHaveLength(1)
  expect(await run(['trigger', good, bad, '--follow'])).toMatchObject({ code: 2, err: expect.stringContaining('of one run') })
})
