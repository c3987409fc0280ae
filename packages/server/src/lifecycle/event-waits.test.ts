import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { cancelNode, skipNode } from './control-nodes.ts'
import { cancelRuns } from './control-runs.ts'
import { createDag, nodesOf, runState, type TestDag } from './dag.test-helper.ts'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'
import { deliverEvent, endDueNodes } from './wait-nodes.ts'

let world: World
let task: TestTask
let dag: TestDag
beforeAll(async () => {
  world = await createWorld()
  task = await world.task()
  dag = await createDag(world, task, {
    nodes: [{ code: 'paid', wait: { event: { name: 'paid', key: 'params.order', timeoutMs: 60_000 } } }],
    edges: [],
  })
})
afterAll(() => world.close())
afterEach(() => world.sql(`delete from event_wait`))

const waits = async () => (await world.sql<{ id: number }>(`select instance_id as id from event_wait`)).length
const deliver = (key: string) =>
  world.db.engine((tx) => deliverEvent(tx, world.engine, { tenantId: task.tenantId, name: 'paid', key, payload: { by: 'card' } }))
const nodeOf = async (run: number) => ({ tenantId: task.tenantId, instanceId: (await nodesOf(world, run)).paid!.id })

test.each([
  ['is marked as done', async (run: number) => world.db.engine(async (tx) => skipNode(tx, world.engine, await nodeOf(run)))],
  ['is cancelled', async (run: number) => world.db.engine(async (tx) => cancelNode(tx, world.engine, await nodeOf(run)))],
  ['is cancelled with its run', (run: number) => world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))],
  [
    'is told too late',
    async (run: number) => {
      await world.sql(`update instance_live set due_at = statement_timestamp() where run_id = $1`, run)
      await endDueNodes(world.engine)
    },
  ],
  ['is told', () => deliver('1')],
])('nothing is left of the wait of a node that %s', async (_how, end) => {
  const run = await dag.start({ params: { order: '1' } })
  expect(await waits()).toBe(1)
  await end(run)
  expect(['SUCCESS', 'CANCELLED', 'FAILED']).toContain(await runState(world, run))
  expect(await waits()).toBe(0)
})

test('an event for which very many nodes wait reaches them all, some at a time, and none that began to wait after it', async () => {
  const start = (count: number) =>
    world.startAll(
      Array.from({ length: count }, () => ({
        ...({ tenantId: task.tenantId, target: { kind: 'DAG', id: dag.id }, origin: 'API', startedBy: 'test' } as const),
        params: { order: 'all' },
      })),
    )
  await start(700)
  await start(700)
  expect(await deliver('all')).toBe(1_400)
  expect(await waits()).toBeGreaterThan(0)
  await start(1)
  while ((await continueRuns(world.engine)) === 0);
  expect(await waits()).toBe(1)
  expect(await world.sql(`select 1 from run_history where target_id = $1 and params ->> 'order' = 'all'`, dag.id)).toHaveLength(
    1_400,
  )
})

test('nodes that are skipped while their event comes never wait for each other', async () => {
  for (let round = 0; round < 10; round++) {
    const runs = await Promise.all(Array.from({ length: 4 }, () => dag.start({ params: { order: 'race' } })))
    const nodes = await Promise.all(runs.map(nodeOf))
    await Promise.all([
      deliver('race'),
      ...nodes.toReversed().map((node) => world.db.engine((tx) => skipNode(tx, world.engine, node))),
    ])
    expect(await waits()).toBe(0)
  }
  const [row] = await world.sql<{ deadlocks: number }>(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  )
  expect(row).toEqual({ deadlocks: 0 })
})
