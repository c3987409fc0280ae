import { passOn, TRIGGER_RULES, type DagDefinition, type Plan } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDag, nodesOf } from './dag.test-helper.ts'
import { endOfNode } from './end-of-node.ts'
import { createWorld, failure, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'
import { retryNode } from './retry-node.ts'

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { retry: { ...(await import('@carillon/core')).DEFAULT_RETRY, maxRetries: 0 } } })
  executor = await world.executor(task)
})
afterAll(() => world.close())

/** The same numbers for the same seed (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function randomDag(below: (most: number) => number): DagDefinition {
  const codes = Array.from({ length: 4 + below(5) }, (_, place) => `n${place}`)
  const nodes = codes.map((code) => ({
    code,
    task: 'work',
    triggerRule: TRIGGER_RULES[below(3) === 0 ? below(TRIGGER_RULES.length) : 0]!,
  }))
  const edges = codes.flatMap((to, place) =>
    codes
      .slice(0, place)
      .flatMap((from) => (below(3) === 0 ? [{ from, to, ...(below(4) === 0 ? { condition: 'output.x > 0' } : {}) }] : [])),
  )
  // It keeps the run alive.
  return { nodes: [...nodes, { code: 'rest', approval: {} }], edges }
}

interface Row {
  readonly node: number
  readonly counters: { readonly ok: number; readonly failed: number; readonly skipped: number }
}

const keptCounters = (runId: number) =>
  world.sql<Row>(
    `select node, jsonb_build_object('ok', parents_ok, 'failed', parents_failed, 'skipped', parents_skipped) as counters
     from instance_live where run_id = $1 and wait_reason = 'DEPENDENCY' order by node`,
    runId,
  )

/** From the last instance of each node: what those that wait must have been told. */
async function derivedCounters(runId: number, plan: Plan): Promise<Row[]> {
  const last = Object.values(await nodesOf(world, runId)).map((row) => ({
    ...row,
    index: plan.nodes.findIndex(({ code }) => code === row.node),
  }))
  const passed = last.flatMap((row) => passOn(plan, row.index, endOfNode(plan, row.index, [row as never]), { params: {} }))
  const count = (node: number, outcome: string) => passed.filter((each) => each.node === node && each.outcome === outcome).length
  return last
    .filter((row) => row.waits === 'DEPENDENCY')
    .map(({ index }) => ({
      node: index,
      counters: { ok: count(index, 'OK'), failed: count(index, 'FAILED'), skipped: count(index, 'SKIPPED') },
    }))
    .sort((a, b) => a.node - b.node)
}

test('after random ends and retries of random graphs, what is kept of each node is what follows from how all have ended', async () => {
  let [retried, refused] = [0, 0]
  for (let seed = 1; seed <= 12; seed++) {
    const below = dice(seed)
    const dag = await createDag(world, task, randomDag(below))
    const run = await dag.start()
    const [{ body: plan }] = (await world.sql<{ body: Plan }>(
      `select p.body from run_live r join plan p on p.id = r.plan_id where r.id = $1`,
      run,
    )) as [{ body: Plan }]
    const working = [...(await executor.claim())]
    for (let step = 0; step < 24; step++) {
      const failed = Object.values(await nodesOf(world, run)).filter(({ state }) => state === 'FAILED')
      if (failed.length > 0 && below(2) === 0) {
        const { id: instanceId } = failed[below(failed.length)]!
        const result = await world.db.engine((tx) => retryNode(tx, world.engine, { tenantId: task.tenantId, instanceId }))
        if (result.kind === 'DONE') retried++
        else refused++
      } else if (working.length > 0) {
        const [each] = working.splice(below(working.length), 1)
        await executor.report(below(5) < 3 ? success(each!, { x: below(2) }) : failure(each!))
      }
      working.push(...(await executor.claim()))
      expect(await keptCounters(run)).toEqual(await derivedCounters(run, plan))
      const [counts] = await world.sql<{ kept: number; live: number }>(
        `select r.instances as kept, (select count(*)::int from instance_live i where i.run_id = r.id) as live from run_live r where r.id = $1`,
        run,
      )
      expect(counts!.kept).toBe(counts!.live)
    }
  }
  expect(retried).toBeGreaterThan(20)
  expect(refused).toBeGreaterThan(0)
})
