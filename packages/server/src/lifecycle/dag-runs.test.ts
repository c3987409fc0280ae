import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelRuns, pauseRuns, resumeRuns } from './control-runs.ts'
import { continueRuns } from './continue-runs.ts'
import { createDag, nodesOf, runState, statesOf, workOff } from './dag.test-helper.ts'
import { createWorld, failure, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'
import { skipNode } from './control-nodes.ts'
import { decideApproval, deliverEvent, endDueNodes } from './wait-nodes.ts'

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { retry: { ...(await import('@carillon/core')).DEFAULT_RETRY, maxRetries: 0 } } })
  executor = await world.executor(task)
})
afterAll(() => world.close())

describe('a run of a DAG', () => {
  test('runs a diamond in the order of its edges and ends when all its nodes have', async () => {
    const dag = await createDag(world, task, { graph: 'a>b>d a>c>d' })
    const run = await dag.start()
    expect(await statesOf(world, run)).toEqual({ a: 'PENDING', b: 'WAITING', c: 'WAITING', d: 'WAITING' })
    expect(await workOff(world, executor, run)).toEqual(['a', 'b', 'c', 'd'])
    expect(await runState(world, run)).toBe('SUCCESS')
    expect(await statesOf(world, run)).toEqual({ a: 'SUCCESS', b: 'SUCCESS', c: 'SUCCESS', d: 'SUCCESS' })
  })

  test('fails when a node does, skips what is downstream of it, and says why', async () => {
    const dag = await createDag(world, task, { graph: 'a>b>c a>d' })
    const run = await dag.start()
    await workOff(world, executor, run, (node, each) => (node === 'b' ? failure(each) : success(each)))
    expect(await runState(world, run)).toBe('FAILED')
    const nodes = await nodesOf(world, run)
    expect(nodes.c).toMatchObject({ state: 'SKIPPED', error: { code: 'UPSTREAM_FAILED' } })
    expect(nodes.d).toMatchObject({ state: 'SUCCESS' })
  })

  test('takes the branch whose condition holds, and joins behind both', async () => {
    const dag = await createDag(world, task, {
      nodes: ['a', 'big', 'small', 'end'].map((code) => ({
        code,
        task: 'work',
        ...(code === 'end' ? { triggerRule: 'NONE_FAILED' as const } : {}),
      })),
      edges: [
        { from: 'a', to: 'big', condition: 'output.rows > params.limit' },
        { from: 'a', to: 'small', condition: 'output.rows <= params.limit' },
        { from: 'big', to: 'end' },
        { from: 'small', to: 'end' },
      ],
    })
    const run = await dag.start({ params: { limit: 10 } })
    const order = await workOff(world, executor, run, (node, each) => success(each, node === 'a' ? { rows: 11 } : undefined))
    expect(order).toEqual(['a', 'big', 'end'])
    expect((await nodesOf(world, run)).small).toMatchObject({ state: 'SKIPPED', error: { code: 'CONDITION' } })
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('hands outputs, run parameters and its planned time to the nodes that ask for them', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'b', task: 'work', params: { file: 'out/${{ params.day }}.csv', rows: '${{ nodes.a.output.rows }}' } },
      ],
      edges: [{ from: 'a', to: 'b' }],
      params: { day: 'monday' },
    })
    const run = await dag.start()
    const seen: unknown[] = []
    await workOff(world, executor, run, (node, each) => {
      if (node === 'b') seen.push(each.params)
      return success(each, { rows: [1, 2] })
    })
    expect(seen).toEqual([{ file: 'out/monday.csv', rows: [1, 2] }])
  })

  test('fails the node whose parameters cannot be computed, and says which expression', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'b', task: 'work', params: { rows: '${{ nodes.a.output.rows }}' } },
      ],
      edges: [{ from: 'a', to: 'b' }],
    })
    const run = await dag.start()
    await workOff(world, executor, run)
    expect((await nodesOf(world, run)).b).toMatchObject({ state: 'FAILED', error: { code: 'EXPRESSION_FAILED' } })
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('fans out over a list with a limit, and hands the outputs on as a list in its order', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'list', task: 'work' },
        {
          code: 'each',
          task: 'work',
          forEach: { items: 'nodes.list.output', maxParallel: 2 },
          params: { item: '${{ item }}', index: '${{ index }}' },
        },
        { code: 'sum', task: 'work', params: { parts: '${{ nodes.each.output }}' } },
      ],
      edges: [
        { from: 'list', to: 'each' },
        { from: 'each', to: 'sum' },
      ],
    })
    const run = await dag.start()
    const atOnce: number[] = []
    const sums: unknown[] = []
    for (let left = 10; left > 0; left--) {
      const assignments = await executor.claim()
      atOnce.push(assignments.length)
      for (const each of assignments.toReversed()) {
        const { item, parts } = each.params as { item?: number; parts?: unknown }
        if (parts) sums.push(parts)
        await executor.report(success(each, item === undefined ? [10, 20, 30, 40, 50] : { double: item * 2 }))
      }
      if (assignments.length === 0) break
    }
    expect(atOnce).toEqual([1, 2, 2, 1, 1, 0])
    expect(sums).toEqual([[20, 40, 60, 80, 100].map((double) => ({ double }))])
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('a fan-out over an empty list has succeeded with an empty one', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'each', task: 'work', forEach: { items: 'params.list' } },
        { code: 'sum', task: 'work' },
      ],
      edges: [{ from: 'each', to: 'sum' }],
    })
    const run = await dag.start({ params: { list: [] } })
    expect(await workOff(world, executor, run)).toEqual(['sum'])
    expect((await nodesOf(world, run)).each).toMatchObject({ state: 'SUCCESS', output: [] })
  })

  test('a condition over an output that is not there fails its target, which tells the condition, and so the run', async () => {
    const dag = await createDag(world, task, {
      nodes: ['a', 'b', 'c'].map((code) => ({ code, task: 'work' })),
      edges: [
        { from: 'a', to: 'c', condition: 'output.rows > 0' },
        { from: 'b', to: 'c' },
      ],
    })
    const run = await dag.start()
    await workOff(world, executor, run)
    const { c } = await nodesOf(world, run)
    expect(c).toMatchObject({ state: 'FAILED', error: { code: 'CONDITION' } })
    expect(c!.error!.message).toContain('output.rows > 0')
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('a fan-out over something that is no list fails its node', async () => {
    const dag = await createDag(world, task, {
      nodes: [{ code: 'each', task: 'work', forEach: { items: 'params.list' } }],
      edges: [],
    })
    const run = await dag.start({ params: { list: 'abc' } })
    expect(await runState(world, run)).toBe('FAILED')
    expect((await nodesOf(world, run)).each!.error!.message).toContain('gives no list')
  })

  test('waits for a person, and goes the way of the decision', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'ask', approval: {} },
        { code: 'go', task: 'work' },
      ],
      edges: [{ from: 'ask', to: 'go' }],
    })
    const decide = (instanceId: number, approve: boolean) =>
      world.db.engine((tx) =>
        decideApproval(tx, world.engine, { tenantId: task.tenantId, instanceId, approve, by: 'user:ann', comment: null }),
      )
    const yes = await dag.start()
    const asked = (await nodesOf(world, yes)).ask!
    expect(asked).toMatchObject({ state: 'WAITING', waits: 'APPROVAL' })
    expect(await Promise.all([decide(asked.id, true), decide(asked.id, false)])).toEqual(
      expect.arrayContaining([
        { kind: 'DONE', runId: yes },
        { kind: 'REFUSED', detail: expect.any(String) },
      ]),
    )
    const no = await dag.start()
    await decide((await nodesOf(world, no)).ask!.id, false)
    expect(await statesOf(world, no)).toEqual({ ask: 'FAILED', go: 'SKIPPED' })
    await workOff(world, executor, yes)
  })

  test('waits for time and for an event with its key', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'pause', wait: { ms: 1 } },
        { code: 'paid', wait: { event: { name: 'paid', key: 'params.order', timeoutMs: 60_000 } } },
        { code: 'ship', task: 'work', params: { by: '${{ nodes.paid.output.by }}' } },
      ],
      edges: [
        { from: 'pause', to: 'paid' },
        { from: 'paid', to: 'ship' },
      ],
    })
    const run = await dag.start({ params: { order: 7 } })
    await until(async () => {
      await endDueNodes(world.engine)
      return (await nodesOf(world, run)).paid!.waits === 'EVENT'
    })
    const deliver = (key: string) =>
      world.db.engine((tx) =>
        deliverEvent(tx, world.engine, { tenantId: task.tenantId, name: 'paid', key, payload: { by: 'card' } }),
      )
    expect([await deliver('8'), await deliver('7'), await deliver('7')]).toEqual([0, 1, 0])
    const [assignment] = await executor.claim()
    expect(assignment!.params).toEqual({ by: 'card' })
    await executor.report(success(assignment!))
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('runs another DAG as a node, and takes its output', async () => {
    const part = await createDag(world, task, {
      nodes: [{ code: 'inner', task: 'work' }],
      edges: [],
      output: { total: '${{ nodes.inner.output.n }}' },
    })
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'sub', dag: 'part', params: { n: 3 } },
        { code: 'after', task: 'work', params: { total: '${{ nodes.sub.output.total }}' } },
      ],
      edges: [{ from: 'sub', to: 'after' }],
      parts: { part },
    })
    const run = await dag.start()
    await continueRuns(world.engine)
    const [inner] = await executor.claim()
    await executor.report(success(inner!, { n: 42 }))
    await continueRuns(world.engine)
    const [after] = await executor.claim()
    expect(after!.params).toEqual({ total: 42 })
    await executor.report(success(after!))
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('stopped, it cancels what waits, asks what runs to stop, stops the runs of its parts, and is CANCELLED', async () => {
    const part = await createDag(world, task, { graph: 'inner' })
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'b', task: 'work', triggerRule: 'ALWAYS' },
        { code: 'sub', dag: 'part' },
      ],
      edges: [{ from: 'a', to: 'b' }],
      parts: { part },
    })
    const run = await dag.start()
    await continueRuns(world.engine)
    const claimed = await executor.claim(1)
    expect(await world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))).toEqual([
      { runId: run, kind: 'DONE' },
    ])
    await continueRuns(world.engine)
    for (const each of claimed) await executor.report(success(each))
    expect(await runState(world, run)).toBe('CANCELLED')
    expect(await statesOf(world, run)).toEqual({ a: 'CANCELLED', b: 'CANCELLED', sub: 'CANCELLED' })
    expect(await executor.claim()).toEqual([])
    const parts = await world.sql<{ state: string }>(`select state from run_history where parent_run_id = $1`, run)
    expect(parts).toEqual([{ state: 'CANCELLED' }])
  })

  test('paused, it begins nothing new until it is resumed', async () => {
    const dag = await createDag(world, task, { graph: 'a>b' })
    const run = await dag.start()
    const [a] = await executor.claim()
    await world.db.engine((tx) => pauseRuns(tx, world.engine, task.tenantId, [run], 'ann'))
    await executor.report(success(a!))
    expect(await executor.claim()).toEqual([])
    expect((await nodesOf(world, run)).b).toMatchObject({ state: 'WAITING', waits: 'PAUSED' })
    await world.db.engine((tx) => resumeRuns(tx, world.engine, task.tenantId, [run]))
    expect(await workOff(world, executor, run)).toEqual(['b'])
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('a node that a person marks as done counts as if it had succeeded', async () => {
    const dag = await createDag(world, task, { graph: 'a>b' })
    const run = await dag.start()
    const { a } = await nodesOf(world, run)
    const skipped = await world.db.engine((tx) => skipNode(tx, world.engine, { tenantId: task.tenantId, instanceId: a!.id }))
    expect(skipped).toEqual({ kind: 'DONE', runId: run })
    expect(await workOff(world, executor, run)).toEqual(['b'])
    expect(await statesOf(world, run)).toEqual({ a: 'SKIPPED', b: 'SUCCESS' })
  })

  test('waits for its slot as a whole, and begins when the one before it ends', async () => {
    const dag = await createDag(world, task, { graph: 'a', concurrency: { policy: 'SEQUENTIAL' } as never })
    const [first, second] = [await dag.start(), await dag.start()]
    expect((await nodesOf(world, second)).a).toMatchObject({ state: 'WAITING', waits: 'SLOT' })
    expect(await workOff(world, executor, first)).toEqual(['a'])
    await continueRuns(world.engine)
    expect(await workOff(world, executor, second)).toEqual(['a'])
    expect(await runState(world, second)).toBe('SUCCESS')
  })

  test('two ends of the same run at once advance it once', async () => {
    const dag = await createDag(world, task, { graph: 'a>c b>c' })
    const run = await dag.start()
    const [a, b] = await executor.claim()
    await Promise.all([executor.report(success(a!)), executor.report(success(b!))])
    expect(await workOff(world, executor, run)).toEqual(['c'])
    expect(await runState(world, run)).toBe('SUCCESS')
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) if (await condition()) return
  throw new Error('It did not become true.')
}
