import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDag, nodesOf, runState } from './dag.test-helper.ts'
import { createWorld, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

// The outputs of a fan-out's elements stand in memory together when something reads them: beyond a bound nothing does.

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task()
  executor = await world.executor(task)
})
afterAll(() => world.close())

const LARGE = 'x'.repeat(250_000)
const ELEMENTS = 40
const each = { code: 'each', task: 'work', forEach: { items: 'params.list' } }
const params = { list: Array.from({ length: ELEMENTS }, (_, n) => n) }

async function endElements(output: unknown): Promise<void> {
  const assignments = await executor.claim(ELEMENTS)
  expect(assignments).toHaveLength(ELEMENTS)
  await executor.report(...assignments.map((assignment) => success(assignment, output)))
}

test('a node that reads more of them fails, and says why; one that only looks at how it ended does not', async () => {
  const dag = await createDag(world, task, {
    nodes: [
      each,
      { code: 'reads', task: 'work', params: { first: '${{ nodes.each.output[0] }}' } },
      { code: 'looks', task: 'work', params: { how: '${{ nodes.each.state }}' } },
    ],
    edges: [
      { from: 'each', to: 'reads' },
      { from: 'each', to: 'looks' },
    ],
  })
  const run = await dag.start({ params })
  await endElements(LARGE)
  const { reads, looks } = await nodesOf(world, run)
  expect(reads).toMatchObject({ state: 'FAILED', error: { code: 'EXPRESSION_FAILED' } })
  expect(reads!.error!.message).toMatch(
    /RESULT_TOO_LARGE: the outputs of its 40 elements are 10000080 bytes in all; 8388608 can be read/,
  )
  expect(looks).toMatchObject({ state: 'PENDING' })
  await executor.report(...(await executor.claim()).map((assignment) => success(assignment)))
  expect(await runState(world, run)).toBe('FAILED')
})

test('an edge whose condition reads them is not passed, and what it leads to says why', async () => {
  const dag = await createDag(world, task, {
    nodes: [each, { code: 'reads', task: 'work' }, { code: 'looks', task: 'work' }],
    edges: [
      { from: 'each', to: 'reads', condition: 'size(output) > 0' },
      { from: 'each', to: 'looks', condition: 'state == "SUCCESS"' },
    ],
  })
  const run = await dag.start({ params })
  await endElements(LARGE)
  const { reads, looks } = await nodesOf(world, run)
  expect(reads).toMatchObject({ state: 'FAILED', error: { message: expect.stringContaining('RESULT_TOO_LARGE') } })
  expect(looks).toMatchObject({ state: 'PENDING' })
  await executor.report(...(await executor.claim()).map((assignment) => success(assignment)))
})

test('what nothing reads may be as large as it likes', async () => {
  const dag = await createDag(world, task, {
    nodes: [each, { code: 'then', task: 'work' }],
    edges: [{ from: 'each', to: 'then' }],
  })
  const run = await dag.start({ params })
  await endElements(LARGE)
  expect((await nodesOf(world, run)).then).toMatchObject({ state: 'PENDING' })
  await executor.report(...(await executor.claim()).map((assignment) => success(assignment)))
  expect(await runState(world, run)).toBe('SUCCESS')
})
