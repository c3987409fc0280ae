import { DEFAULT_CONCURRENCY, DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Transaction } from '../storage/database.ts'
import { promoteDueInstances } from '../storage/instance.ts'
import { continueRuns } from './continue-runs.ts'
import { cancelNode, skipNode } from './control-nodes.ts'
import { cancelRuns, pauseRuns, resumeRuns, retryRuns } from './control-runs.ts'
import { createDag, nodesOf, runState, statesOf, workOff } from './dag.test-helper.ts'
import { createWorld, failure, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

// What people do to runs of DAGs that are under way, at the moments that suit least.

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
  executor = await world.executor(task)
})

const act = <Result>(work: (tx: Transaction) => Promise<Result>) => world.db.engine(work)
const pause = (run: number) => act((tx) => pauseRuns(tx, world.engine, task.tenantId, [run], 'ann'))
const resume = (run: number) => act((tx) => resumeRuns(tx, world.engine, task.tenantId, [run]))
const cancelOne = (instanceId: number) => act((tx) => cancelNode(tx, world.engine, { tenantId: task.tenantId, instanceId }))
const skipOne = (instanceId: number) => act((tx) => skipNode(tx, world.engine, { tenantId: task.tenantId, instanceId }))

const partsOf = (run: number) =>
  world.sql<{ id: number; state: string }>(
    `select id, state from (select * from run_live union all select * from run_history) r where parent_run_id = $1 order by id`,
    run,
  )

describe('a node that is cancelled while its part is about to start', () => {
  test('has none: what was left to start it is gone', async () => {
    const part = await createDag(world, task, { graph: 'inner' })
    const dag = await createDag(world, task, { nodes: [{ code: 'sub', dag: 'part' }], edges: [], parts: { part } })
    const run = await dag.start()
    await world.sql(`update outbox set due_at = now() + interval '1 hour' where run_id = $1`, run)
    await cancelOne((await nodesOf(world, run)).sub!.id)
    await continueRuns(world.engine)
    expect(await world.sql(`select kind from outbox where run_id = $1`, run)).toEqual([])
    expect(await partsOf(run)).toEqual([])
    expect(await runState(world, run)).toBe('CANCELLED')
  })

  test('has one that is stopped, if it was just being started', async () => {
    const part = await createDag(world, task, { graph: 'inner', concurrency: { policy: 'SEQUENTIAL' } })
    const dag = await createDag(world, task, { nodes: [{ code: 'sub', dag: 'part' }], edges: [], parts: { part } })
    const run = await dag.start()
    const waitingForLocks = async (count: number) =>
      expect(await world.sql('select 1 from pg_locks where not granted and pid <> pg_backend_pid()')).toHaveLength(count)
    let starting: Promise<number> | undefined
    let stopping: Promise<number> | undefined
    await act(async (tx) => {
      await tx.query({ name: '', text: 'lock table gate in access exclusive mode' })
      starting = continueRuns(world.engine)
      await vi.waitFor(() => waitingForLocks(1))
      await cancelOne((await nodesOf(world, run)).sub!.id)
      let stopped = false
      stopping = continueRuns(world.engine).finally(() => (stopped = true))
      await vi.waitFor(async () => stopped || (await waitingForLocks(2)))
    })
    await Promise.all([starting, stopping])
    expect(await partsOf(run)).toMatchObject([{ state: 'CANCELLED' }])
    expect(await executor.claim()).toEqual([])
  })
})

describe('a run that waits for its slot', () => {
  const sequential = { concurrency: { policy: 'SEQUENTIAL' } } as const

  test.each([
    ['marked as done', skipOne, { a: 'SKIPPED', b: 'SUCCESS' }],
    ['cancelled, which makes the next ready by its rule', cancelOne, { a: 'CANCELLED', b: 'SUCCESS' }],
  ] as const)('begins nothing downstream of a node that is %s, before it has it', async (_how, control, states) => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'b', task: 'work', triggerRule: 'ALL_DONE' },
      ],
      edges: [{ from: 'a', to: 'b' }],
      ...sequential,
    })
    const [first, second] = [await dag.start(), await dag.start()]
    await control((await nodesOf(world, second)).a!.id)
    expect((await nodesOf(world, second)).b).toMatchObject({ state: 'WAITING', waits: 'DEPENDENCY' })
    expect(await runState(world, second)).toBe('PENDING')
    expect(await workOff(world, executor, first)).toEqual(['a', 'b'])
    await continueRuns(world.engine)
    expect(await workOff(world, executor, second)).toEqual(['b'])
    expect(await statesOf(world, second)).toEqual(states)
  })

  test('begins no element anew that has not had its turn when the run begins', async () => {
    const dag = await createDag(world, task, {
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'each', task: 'work', forEach: { items: 'params.list', maxParallel: 1 } },
      ],
      edges: [{ from: 'a', to: 'each' }],
      ...sequential,
    })
    const first = await dag.start({ params: { list: [] } })
    const second = await dag.start({ params: { list: [1, 2, 3] } })
    await workOff(world, executor, first)
    await skipOne((await nodesOf(world, second)).a!.id)
    await continueRuns(world.engine)
    expect(await world.sql('select kind, error from outbox where run_id = $1', second)).toEqual([])
    expect(await executor.claim()).toHaveLength(1)
    expect(await world.sql('select count(*)::int as count from instance_live where run_id = $1', second)).toEqual([{ count: 3 }])
  })
})

describe('a fan-out of which some elements wait for their turn', () => {
  const fanOut = () =>
    createDag(world, task, {
      nodes: [{ code: 'each', task: 'work', forEach: { items: 'params.list', maxParallel: 2 } }],
      edges: [],
    })
  const elements = (run: number) =>
    world.sql<{ id: number; waits: string | null }>(
      `select id, coalesce(wait_reason, state) as waits from instance_live where run_id = $1 order by shard_index`,
      run,
    )
  const waits = async (run: number) => (await elements(run)).map((each) => each.waits)

  test('gives out none while its run is paused, and as many as may be at work when it is resumed', async () => {
    const run = await (await fanOut()).start({ params: { list: [1, 2, 3, 4, 5] } })
    const [first, second] = await executor.claim()
    await pause(run)
    await executor.report(success(first!))
    expect(await waits(run)).toEqual(['RESERVED', 'PAUSED', 'SLOT', 'SLOT'])
    expect(await executor.claim()).toEqual([])
    await resume(run)
    expect(await executor.claim()).toHaveLength(1)
    expect(await waits(run)).toEqual(['RESERVED', 'RESERVED', 'SLOT', 'SLOT'])
    await executor.report(success(second!))
    expect(await waits(run)).toEqual(['RESERVED', 'PENDING', 'SLOT'])
  })

  test('gives no turn away when an element is cancelled that had none', async () => {
    const run = await (await fanOut()).start({ params: { list: [1, 2, 3, 4, 5] } })
    await executor.claim()
    await cancelOne((await elements(run))[3]!.id)
    expect(await waits(run)).toEqual(['RESERVED', 'RESERVED', 'SLOT', 'SLOT'])
  })

  test('gives the turn of one away that is cancelled before anyone takes it', async () => {
    const run = await (await fanOut()).start({ params: { list: [1, 2, 3, 4, 5] } })
    await cancelOne((await elements(run))[1]!.id)
    expect(await waits(run)).toEqual(['PENDING', 'PENDING', 'SLOT', 'SLOT'])
  })
})

describe('a run of which nothing but its output failed, repeated from there', () => {
  const answering = (concurrency = DEFAULT_CONCURRENCY) =>
    createDag(world, task, { graph: 'a', output: { total: '${{ params.numbers[0] }}' }, concurrency })
  const repeat = async (run: number, params: Record<string, unknown>) => {
    const [result] = await act((tx) => retryRuns(tx, world.engine, task.tenantId, [run], 'ann', { from: 'FAILED', params }))
    return result?.kind === 'DONE' ? result.newRunId! : 0
  }

  test('answers what it does under its new parameters, and runs nothing', async () => {
    const dag = await answering()
    const run = await dag.start()
    await workOff(world, executor, run)
    expect(await runState(world, run)).toBe('FAILED')
    expect(await runState(world, await repeat(run, {}))).toBe('FAILED')
    const again = await repeat(run, { numbers: [7] })
    expect(await runState(world, again)).toBe('SUCCESS')
    expect(await statesOf(world, again)).toEqual({ a: 'SUCCESS' })
    expect(await executor.claim()).toEqual([])
  })

  test('does so without a slot, and leaves the slot to those in line', async () => {
    const dag = await answering({ policy: 'SEQUENTIAL' })
    const run = await dag.start()
    await workOff(world, executor, run)
    const [holder, next] = [await dag.start({ params: { numbers: [1] } }), await dag.start({ params: { numbers: [1] } })]
    expect(await runState(world, await repeat(run, { numbers: [7] }))).toBe('SUCCESS')
    expect((await nodesOf(world, next)).a).toMatchObject({ waits: 'SLOT' })
    await workOff(world, executor, holder)
    await continueRuns(world.engine)
    expect(await workOff(world, executor, next)).toEqual(['a'])
  })
})

describe('a paused run with a sub-DAG', () => {
  const withPart = async () => {
    const part = await createDag(world, task, { graph: 'inner' })
    return createDag(world, task, {
      nodes: [
        { code: 'a', task: 'work' },
        { code: 'sub', dag: 'part', params: { day: '${{ params.day }}' } },
      ],
      edges: [{ from: 'a', to: 'sub' }],
      parts: { part },
    })
  }
  const pausedBeforePart = async () => {
    const run = await (await withPart()).start({ params: { day: 'monday' } })
    const [a] = await executor.claim()
    await pause(run)
    await executor.report(success(a!))
    await continueRuns(world.engine)
    return run
  }

  test('starts it when it is resumed, with the parameters that it was to have', async () => {
    const run = await pausedBeforePart()
    expect((await nodesOf(world, run)).sub).toMatchObject({ state: 'WAITING', waits: 'PAUSED' })
    expect(await partsOf(run)).toEqual([])
    await resume(run)
    expect((await nodesOf(world, run)).sub).toMatchObject({ state: 'WAITING', waits: 'SUB_DAG' })
    await continueRuns(world.engine)
    const [part] = await partsOf(run)
    expect(await world.sql('select params, depth from run_live where id = $1', part!.id)).toEqual([
      { params: { day: 'monday' }, depth: 1 },
    ])
    expect(await workOff(world, executor, part!.id)).toEqual(['inner'])
    await continueRuns(world.engine)
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('never starts it when it is cancelled instead', async () => {
    const run = await pausedBeforePart()
    await act((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))
    await continueRuns(world.engine)
    expect(await partsOf(run)).toEqual([])
    expect(await runState(world, run)).toBe('CANCELLED')
  })
})

test('a node whose pause between attempts is over just as its run is paused waits until it is resumed', async () => {
  const retry = { ...DEFAULT_RETRY, maxRetries: 1, delayMs: 60_000 }
  const repeated = await world.task({ tenantId: task.tenantId, node: { retry } })
  const other = await world.executor(repeated)
  const dag = await createDag(world, repeated, { graph: 'a' })
  const run = await dag.start()
  const [a] = await other.claim()
  await other.report(failure(a!))
  await world.sql(`update instance_live set due_at = now() where run_id = $1`, run)
  await act(async (tx) => {
    const pausedMeanwhile: Transaction = {
      ...tx,
      async query(statement, parameters) {
        const rows = await tx.query(statement, parameters)
        if (statement.name === 'instance.promoteDue') await world.sql(`update run_live set state = 'PAUSED' where id = $1`, run)
        return rows as never
      },
    }
    expect(await promoteDueInstances(pausedMeanwhile, 10)).toMatchObject([{ state: 'WAITING' }])
  })
  expect((await nodesOf(world, run)).a).toMatchObject({ state: 'WAITING', waits: 'PAUSED' })
  await resume(run)
  expect(await other.claim()).toHaveLength(1)
})
