import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Assignment, ReportItem } from '@carillon/contract'
import { openCallback, takeCallback } from './callbacks.ts'
import { cancelRuns } from './control-runs.ts'
import { createWorld, started, success, type TestExecutor, type World } from './engine.test-helper.ts'
import { reapLost, timeOut } from './overdue.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ resultBytes: 1000 })
})
afterAll(() => world.close())

const detached = ({ instance, token }: Assignment): ReportItem => ({ kind: 'DETACHED', instance, token })
const attemptOf = ({ tenant, instance, token }: Assignment) => ({ tenantId: tenant, id: instance, token })
const open = async (assignment: Assignment, waitMs?: number) =>
  (await openCallback(world.engine, attemptOf(assignment), waitMs)) as string
const take = (address: string, body: Parameters<typeof takeCallback>[2] = { state: 'SUCCESS', output: { done: true } }) =>
  takeCallback(world.engine, address, body)
const outputOf = async (id: number) =>
  (await world.sql<{ output: unknown }>(`select output from instance_history where id = $1`, id))[0]?.output
const deadlinePasses = (id: number) =>
  world.sql(`update instance_live set deadline_at = now() - interval '1 second' where id = $1`, id)

interface Waiting {
  readonly runId: number
  readonly address: string
  readonly assignment: Assignment
  readonly executor: TestExecutor
}

/** An attempt that was let go of, under an address. */
async function waiting(options: { maxRetries?: number; waitMs?: number; timeoutMs?: number } = {}): Promise<Waiting> {
  const { maxRetries = 0, waitMs, timeoutMs = 0 } = options
  const task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries, delayMs: 0 }, timeoutMs } })
  const executor = await world.executor(task, 1)
  const runId = await world.start(task)
  const [assignment] = (await executor.claim()) as [Assignment]
  const address = await open(assignment, waitMs)
  expect(await executor.report(detached(assignment))).toEqual([{ status: 'ACCEPTED' }])
  return { runId, address, assignment, executor }
}

describe('An attempt that was let go of', () => {
  it('runs on without a place of its executor, and ends with what its callback says', async () => {
    const { runId, address, executor } = await waiting()
    expect(await world.run(runId)).toMatchObject({ run: 'RUNNING', instance: 'RUNNING' })
    const [held] = await world.sql(`select count(*)::int as count from instance_live where session_id = $1`, executor.session)
    expect(held).toEqual({ count: 0 })
    expect(await take(address)).toBe('TAKEN')
    expect(await world.run(runId)).toMatchObject({ run: 'SUCCESS', instance: 'SUCCESS' })
    expect(await outputOf(runId)).toEqual({ done: true })
  })

  it('outlives the session of the executor that sent its request', async () => {
    const { runId, address, executor } = await waiting()
    await world.sql(`update executor_session set lease_until = now() - interval '1 second' where id = $1`, executor.session)
    await reapLost(world.engine, true)
    const node = world.secondNode()
    expect(await takeCallback(node.engine, address, { state: 'SUCCESS' })).toBe('TAKEN')
    await node.close()
    expect(await world.run(runId)).toMatchObject({ run: 'SUCCESS', attempt: 1 })
  })

  it('fails as the callback says, and is retried under an address of its own', async () => {
    const { runId, address, assignment, executor } = await waiting({ maxRetries: 1 })
    expect(await take(address, { state: 'FAILED', error: { code: 'NO_STOCK', message: 'Nothing left' } })).toBe('TAKEN')
    const [again] = (await executor.claim()) as [Assignment]
    expect(again).toMatchObject({ instance: assignment.instance, attempt: 2 })
    const second = await open(again)
    expect(await take(address)).toBe('USED')
    expect(await take(second, { state: 'FAILED', retriable: false })).toBe('TAKEN')
    expect(await world.run(runId)).toMatchObject({ run: 'FAILED', reason: 'FAILED', attempt: 2 })
  })

  it('fails for good with a result that is too large', async () => {
    const { runId, address } = await waiting({ maxRetries: 3 })
    expect(await take(address, { state: 'SUCCESS', output: 'x'.repeat(1001) })).toBe('TAKEN')
    expect(await world.run(runId)).toMatchObject({ run: 'FAILED', reason: 'RESULT_TOO_LARGE' })
  })

  it('cannot say that an executor shut down, which would cost no retry', async () => {
    const { runId, address } = await waiting()
    await take(address, { state: 'FAILED', error: { code: 'SHUTDOWN', message: '' } })
    expect(await world.run(runId)).toMatchObject({ run: 'FAILED', reason: 'SHUTDOWN' })
  })

  it.each([
    ['its wait for the call', { waitMs: 5_000 }, 5_000],
    ['the time-out of the task, where that comes first', { waitMs: 50_000, timeoutMs: 3_000 }, 3_000],
    ['its wait, where that comes before the time-out', { waitMs: 4_000, timeoutMs: 60_000 }, 4_000],
  ])('has the deadline of %s', async (_name, options, ms) => {
    const { runId } = await waiting(options)
    const [row] = await world.sql<{ ms: number }>(
      `select extract(epoch from deadline_at - started_at)::float8 * 1000 as ms from instance_live where id = $1`,
      runId,
    )
    expect(row!.ms).toBeGreaterThanOrEqual(ms)
    expect(row!.ms).toBeLessThan(ms + 500)
  })

  it('ends at its deadline at once, since there is nobody to be asked; the callback then comes too late', async () => {
    const { runId, address } = await waiting()
    await deadlinePasses(runId)
    await timeOut(world.engine)
    expect(await world.run(runId)).toMatchObject({ run: 'TIMEOUT', instance: 'TIMEOUT' })
    expect(await take(address)).toBe('OVER')
    expect(await outputOf(runId)).toBeNull()
  })

  it('ends at once when its run is cancelled; the callback then comes too late', async () => {
    const { runId, address, assignment } = await waiting()
    await world.db.engine((tx) => cancelRuns(tx, world.engine, assignment.tenant, [runId]))
    expect(await world.run(runId)).toMatchObject({ run: 'CANCELLED', instance: 'CANCELLED' })
    expect(await take(address)).toBe('OVER')
  })

  it('takes nothing more from the executor that let it go', async () => {
    const { runId, assignment, executor } = await waiting()
    expect(await executor.report(started(assignment), success(assignment))).toMatchObject([
      { status: 'STALE' },
      { status: 'STALE' },
    ])
    expect(await world.run(runId)).toMatchObject({ run: 'RUNNING' })
  })
})

describe('A callback', () => {
  it('counts once: the second call changes nothing', async () => {
    const { runId, address } = await waiting()
    expect([await take(address), await take(address, { state: 'FAILED' })]).toEqual(['TAKEN', 'USED'])
    expect(await world.run(runId)).toMatchObject({ run: 'SUCCESS' })
  })

  it('counts once among many calls at the same time, of two nodes', async () => {
    const node = world.secondNode()
    for (let round = 0; round < 5; round++) {
      const { runId, address } = await waiting()
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          takeCallback(index % 2 === 0 ? world.engine : node.engine, address, { state: 'SUCCESS', output: index }),
        ),
      )
      expect(answers.toSorted()).toEqual(['TAKEN', ...Array(7).fill('USED')])
      expect(await outputOf(runId)).toBe(answers.indexOf('TAKEN'))
    }
    await node.close()
  })

  it('that comes together with the time-out either ends the attempt or changes nothing', async () => {
    const seen = new Set<string>()
    for (let round = 0; round < 12; round++) {
      const { runId, address } = await waiting()
      await deadlinePasses(runId)
      const [answer] =
        round % 2 === 0
          ? await Promise.all([take(address), timeOut(world.engine)])
          : (await Promise.all([timeOut(world.engine), take(address)])).toReversed()
      const { run } = await world.run(runId)
      seen.add(`${String(answer)} ${run}`)
      const [{ count }] = (await world.sql<{ count: number }>(
        `select count(*)::int as count from instance_history where id = $1`,
        runId,
      )) as [{ count: number }]
      expect(count).toBe(1)
    }
    for (const outcome of seen) expect(['TAKEN SUCCESS', 'OVER TIMEOUT']).toContain(outcome)
  })

  it('may come before the answer that promises it: the attempt ends, and the promise changes nothing', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const runId = await world.start(task)
    const [assignment] = (await executor.claim()) as [Assignment]
    const address = await open(assignment)
    expect(await take(address)).toBe('TAKEN')
    expect(await executor.report(detached(assignment))).not.toMatchObject([{ status: 'ACCEPTED' }])
    expect(await world.run(runId)).toMatchObject({ run: 'SUCCESS' })
  })

  it('is refused once the attempt was asked to stop, and letting go of it then ends it', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const runId = await world.start(task)
    const [assignment] = (await executor.claim()) as [Assignment]
    const address = await open(assignment)
    await executor.report(started(assignment))
    await world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [runId]))
    expect(await take(address)).toBe('OVER')
    expect(await executor.report(detached(assignment))).toEqual([{ status: 'ACCEPTED' }])
    expect(await world.run(runId)).toMatchObject({ run: 'CANCELLED' })
  })

  it('is refused under an address that is not, or not wholly, its own', async () => {
    const { runId, address } = await waiting()
    const other = await waiting()
    const [id, secret] = address.split('.') as [string, string]
    const wrong = [
      `${id}.${other.address.split('.')[1]}`,
      `${Number(id) + 1_000_000}.${secret}`,
      `${id}.${secret.slice(0, -1)}`,
      `${id}`,
      '',
      `${id}.${'A'.repeat(43)}`,
      `9${'0'.repeat(40)}.${secret}`,
    ]
    for (const given of wrong) expect(await take(given)).toBe('UNKNOWN')
    expect(await world.run(runId)).toMatchObject({ run: 'RUNNING' })
  })

  it('is kept as a hash alone', async () => {
    const { address } = await waiting()
    const rows = await world.sql<{ text: string }>(`select c::text as text from callback c`)
    expect(rows.map(({ text }) => text).join()).not.toContain(address.split('.')[1])
  })

  it('is given to no attempt that is over', async () => {
    const { runId, address, assignment } = await waiting()
    await take(address)
    expect(await world.run(runId)).toMatchObject({ run: 'SUCCESS' })
    expect(await openCallback(world.engine, attemptOf(assignment))).toBeNull()
  })
})

it('refuses to let go of an attempt that nothing could end, and leaves it with its executor', async () => {
  const task = await world.task()
  const executor = await world.executor(task)
  const runId = await world.start(task)
  const [assignment] = (await executor.claim()) as [Assignment]
  expect(await executor.report(detached(assignment))).toMatchObject([{ status: 'INVALID' }])
  expect(await executor.report(success(assignment))).toEqual([{ status: 'ACCEPTED' }])
  expect(await world.run(runId)).toMatchObject({ run: 'SUCCESS' })
})
