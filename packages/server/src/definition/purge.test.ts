import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRuns } from '../lifecycle/control-runs.ts'
import { createDag } from '../lifecycle/dag.test-helper.ts'
import { createWorld, type World } from '../lifecycle/engine.test-helper.ts'
import type { Edit } from './edit.ts'
import { purge } from './purge.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

test('a purge takes as many runs as have so many instances in all, the first in any case, and says that there are more', async () => {
  const task = await world.task()
  const { tenantId } = task
  const dag = await createDag(world, task, { graph: 'a b c d e' })
  const runs = [await dag.start(), await dag.start(), await world.start(task), await dag.start()]
  await world.db.engine((tx) => cancelRuns(tx, world.engine, tenantId, runs))
  const call = async (mostInstances: number) => {
    const { answer } = await world.db.engine((tx) =>
      purge({ tx, tenantId } as Edit, { before: Date.now() + 60_000 }, mostInstances),
    )
    const left = await world.sql<{ runs: number; instances: number }>(
      `select (select count(*) from run_history where tenant_id = $1)::int as runs, (select count(*) from instance_history where tenant_id = $1)::int as instances`,
      tenantId,
    )
    return { ...answer, ...left[0] }
  }
  expect(await call(3)).toEqual({ purged: 1, more: true, runs: 3, instances: 11 })
  expect(await call(7)).toEqual({ purged: 2, more: true, runs: 1, instances: 5 })
  expect(await call(5)).toEqual({ purged: 1, more: false, runs: 0, instances: 0 })
  expect(await call(5)).toMatchObject({ purged: 0, more: false })
})
