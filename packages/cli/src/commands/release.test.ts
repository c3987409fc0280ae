import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { dagOf, delayTask, sharedClient } from '../testing/tasks.ts'

const versions = async (count: number) => {
  const task = await delayTask(1)
  return dagOf(...Array.from({ length: count }, (_, place) => ({ nodes: [{ code: `node-${place}`, task }], edges: [] })))
}
const trafficOf = async (dag: string) => {
  const { active, gray } = await sharedClient().dags.get({ params: { dag } })
  return { active, gray }
}

test('activate makes a version active, rollback the one before, and again back', async () => {
  const dag = await versions(3)
  expect(await run(['activate', dag, '1'])).toMatchObject({
    code: 0,
    out: `Version 1 of ${dag} is active. Runs under way keep theirs.\n`,
  })
  for (const number of [3, 1]) {
    expect((await run(['rollback', dag])).out).toContain(`Version ${number} of ${dag} is active`)
    expect(await trafficOf(dag)).toEqual({ active: number, gray: null })
  }
})

test('rollback does not mistake a version that took a share for one that was active', async () => {
  const dag = await versions(3)
  await run(['activate', dag, '1'])
  await run(['gray', dag, '2', '--percent', '10'])
  await run(['gray', dag, '--end'])
  expect((await run(['rollback', dag])).out).toContain('Version 3')
})

test('rollback is refused where no other version has been active', async () => {
  const dag = await versions(1)
  expect(await run(['rollback', dag])).toMatchObject({ code: 4, err: expect.stringContaining('No other version of') })
  expect(await trafficOf(dag)).toMatchObject({ active: 1 })
})

test('a version that is not there ends with 3, a draft with problems with 4 and its problems', async () => {
  const dag = await versions(1)
  expect((await run(['activate', dag, '7'])).code).toBe(3)
  const definition = { nodes: [{ code: 'a', task: 'no-such-task' }], edges: [] }
  const body = { definition, incomplete: true }
  await sharedClient().dagVersions.create({ params: { dag }, body })
  expect(await run(['activate', dag, '2'])).toMatchObject({ code: 4, err: expect.stringContaining('no-such-task') })
})

test('gray gives a version a share and takes it back; versions shows both', async () => {
  const dag = await versions(2)
  const shared = await run(['gray', dag, '1', '--percent', '10'])
  expect(shared).toMatchObject({ code: 0, out: `10 % of the runs of ${dag} use version 1, the others version 2.\n` })
  expect((await run(['versions', dag])).out).toMatch(
    /VERSION {2}STATE +RUNS[^\n]*\n +2 {2}ACTIVE +90% [^\n]*\n +1 {2}ACTIVE +10% /,
  )
  expect(await runJson(['versions', dag, '-n', '1'])).toMatchObject([{ number: 2, state: 'ACTIVE' }])
  expect(await run(['gray', dag, '--end'])).toMatchObject({ code: 0, out: `All runs of ${dag} use version 2.\n` })
  expect(await trafficOf(dag)).toEqual({ active: 2, gray: null })
})

test('diff says what turns one version into another, for scripts by its exit code', async () => {
  const dag = await versions(2)
  const { code, out } = await run(['diff', dag, '1', '2', '--exit-code'])
  expect({ code, lines: out.split('\n').map((line) => line.slice(0, 13)) }).toEqual({
    code: 1,
    lines: ['- node node-0', '+ node node-1', ''],
  })
  expect(await run(['diff', dag, '2', '2', '--exit-code'])).toEqual({ code: 0, out: 'No changes.\n', err: '' })
  expect(await runJson(['diff', dag, '2', '1'])).toMatchObject({ from: 2, to: 1, same: false })
  expect((await run(['diff', dag, '1', '9'])).code).toBe(3)
})

test.each([[[]], [['nightly', '1']], [['nightly', '-f', '.']]])('diff %j is a slip on the command line', async (args) => {
  const { code, err } = await run(['diff', ...args], { CARILLON_SERVER: 'http://127.0.0.1:1', CARILLON_TOKEN: 'none' })
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('it takes --file, or a DAG and the numbers') })
})

test.each([[['1']], [['--percent', '10']], [['1', '--percent', '10', '--end']], [['1', '--percent', '100']]])(
  'gray %j is a slip on the command line',
  async (args) => {
    expect(
      (await run(['gray', 'nightly', ...args], { CARILLON_SERVER: 'http://127.0.0.1:1', CARILLON_TOKEN: 'none' })).code,
    ).toBe(2)
  },
)
