import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDag } from './dag.test-helper.ts'
import { createWorld, startOf, started, success, type TestTask, type World } from './engine.test-helper.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'
import { startRuns } from './start-runs.ts'

// What becomes PENDING while a claim waits on the same node is given to it in the transaction that makes it so.

let world: World
let traffic: ExecutorTraffic
beforeAll(async () => {
  world = await createWorld()
  traffic = createExecutorTraffic(world.engine)
})
afterAll(() => world.close())

const NEVER = new AbortController().signal
const principal = (task: TestTask) => ({ tenantId: task.tenantId, appId: null })

async function register(task: TestTask, instance = 'one'): Promise<number> {
  const { tenantId, appCode: app, handler } = task
  const registered = await traffic.register(
    { tenantId, appId: null },
    { protocol: 1, app, instance, mode: 'PULL', handlers: [handler], capacity: 10 },
  )
  return registered.session
}

/** Its claim has looked, found nothing, and waits. */
async function waitingClaim(task: TestTask, session: number, { max = 10, seq = 1, signal = NEVER } = {}) {
  const before = waitingOf(task)
  const claim = traffic.claim(principal(task), { session, seq, max, waitMs: 30_000 }, signal)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(before + 1))
  return claim
}
let waits: number[] = []
beforeAll(() => {
  const { wait } = world.engine.claims
  world.engine.claims.wait = (claim, ...rest) => {
    waits.push(...claim.queueIds)
    return wait(claim, ...rest)
  }
})
const waitingOf = ({ queueId }: TestTask) => waits.filter((each) => each === queueId).length

const stateOf = async (run: number) =>
  (
    await world.sql<{ state: string; token: number; session: number | null }>(
      `select state, token, session_id as session from instance_live where id = $1`,
      run,
    )
  )[0]

test('a run that starts while a claim waits is reserved for it before the start is answered', async () => {
  const task = await world.task()
  const session = await register(task)
  const claim = waitingClaim(task, session)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  const run = await world.start(task)
  expect(await stateOf(run)).toEqual({ state: 'RESERVED', token: 1, session })
  expect(await claim).toMatchObject({ assignments: [{ instance: run, token: 1 }] })
})

test('INV-5 a start that is rolled back gives nothing away, and the claim gets what comes after it', async () => {
  const task = await world.task()
  const claim = waitingClaim(task, await register(task))
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  const failed = world.db.engine(async (tx) => {
    await startRuns(tx, world.engine, [startOf(task)])
    throw new Error('rolled back')
  })
  await expect(failed).rejects.toThrow('rolled back')
  // It has looked again, and waits again.
  await vi.waitFor(() => expect(waitingOf(task)).toBe(2))
  const run = await world.start(task)
  expect((await claim).assignments).toMatchObject([{ instance: run }])
})

test('a start waits for nobody who holds the session: the claim then looks by itself', async () => {
  const task = await world.task()
  const session = await register(task)
  const claim = waitingClaim(task, session)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  const run = await world.db.engine(async (tx) => {
    await tx.query({ name: '', text: `select from executor_session where id = $1 for update` }, [session])
    const started = await world.start(task)
    expect(await stateOf(started)).toMatchObject({ state: 'PENDING' })
    return started
  })
  expect((await claim).assignments).toMatchObject([{ instance: run }])
})

test('INV-4 two starts at once and one claim that waits: each run is given once', async () => {
  const task = await world.task()
  const session = await register(task)
  const claim = waitingClaim(task, session)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  const runs = await Promise.all([world.start(task), world.start(task), world.start(task)])
  const first = (await claim).assignments
  const rest =
    first.length === 3
      ? []
      : (await traffic.claim(principal(task), { session, seq: 2, max: 10, waitMs: 1_000 }, NEVER)).assignments
  expect([...first, ...rest].map(({ instance }) => instance).toSorted()).toEqual(runs.toSorted())
})

test('what one claim has no room for goes to another that waits', async () => {
  const task = await world.task()
  const small = waitingClaim(task, await register(task, 'small'), { max: 1 })
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  const other = waitingClaim(task, await register(task, 'other'))
  await vi.waitFor(() => expect(waitingOf(task)).toBe(2))
  const results = await world.startAll([startOf(task), startOf(task), startOf(task)])
  const given = [...(await small).assignments, ...(await other).assignments].map(({ instance }) => instance)
  expect((await small).assignments).toHaveLength(1)
  expect(given.toSorted()).toEqual(results.map((each) => (each as { runId: number }).runId).toSorted())
})

test('a claim whose executor has hung up is given nothing', async () => {
  const task = await world.task()
  const session = await register(task)
  const gone = new AbortController()
  const claim = waitingClaim(task, session, { signal: gone.signal })
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  gone.abort()
  const run = await world.start(task)
  expect((await claim).assignments).toEqual([])
  expect(await stateOf(run)).toMatchObject({ state: 'PENDING', token: 0 })
})

test('a claim that is answered too late to be heard brings the same when it is repeated', async () => {
  const task = await world.task()
  const session = await register(task)
  const claim = waitingClaim(task, session)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  const run = await world.start(task)
  await claim
  const repeated = await traffic.claim(principal(task), { session, seq: 1, max: 10, waitMs: 0 }, NEVER)
  expect(repeated.assignments).toMatchObject([{ instance: run, token: 1 }])
})

test('a paused app gets nothing of what starts until it goes on', async () => {
  const task = await world.task()
  const session = await register(task)
  const claim = waitingClaim(task, session)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(1))
  await world.sql(`update app set paused = true where id = $1`, task.appId)
  const run = await world.start(task)
  expect(await stateOf(run)).toMatchObject({ state: 'PENDING' })
  await world.sql(`update app set paused = false where id = $1`, task.appId)
  world.engine.hub.wake(`q${task.queueId}`)
  expect((await claim).assignments).toMatchObject([{ instance: run }])
})

test('the node that follows in a DAG is given in the transaction that takes the result of the one before', async () => {
  const task = await world.task()
  const session = await register(task)
  const dag = await createDag(world, task, { graph: 'a>b' })
  await dag.start()
  const first = await traffic.claim(principal(task), { session, seq: 1, max: 10, waitMs: 1_000 }, NEVER)
  const seen = waitingOf(task)
  const second = traffic.claim(principal(task), { session, seq: 2, max: 10, waitMs: 30_000 }, NEVER)
  await vi.waitFor(() => expect(waitingOf(task)).toBe(seen + 1))
  const [a] = first.assignments
  await traffic.report(principal(task), { session, items: [started(a!), success(a!)] })
  const states = await world.sql<{ state: string; session: number }>(
    `select state, session_id as session from instance_live where run_id = $1 and state <> 'SUCCESS'`,
    a!.run,
  )
  expect(states).toMatchObject([{ state: 'RESERVED', session }])
  expect((await second).assignments).toHaveLength(1)
})
