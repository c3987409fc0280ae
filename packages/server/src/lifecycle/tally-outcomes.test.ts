import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selectFigures } from '../storage/executor-figures.ts'
import { cancelRuns } from './control-runs.ts'
import { createWorld, failure, success, type TestExecutor, type World } from './engine.test-helper.ts'
import { reapLost } from './overdue.ts'
import { rollUpFigures } from './tally-outcomes.ts'

let world: World
let other: ReturnType<World['secondNode']>
beforeAll(async () => {
  world = await createWorld()
  other = world.secondNode()
})
afterAll(async () => {
  await other.close()
  await world.close()
})

const executorOf = async ({ session }: TestExecutor) =>
  (await world.sql<{ id: number }>(`select executor_id as id from executor_session where id = $1`, session))[0]!.id
const figures = (task: { tenantId: number; appId: number }, executorId: number, days = [1]) =>
  world.db.engine((tx) => selectFigures(tx, task.tenantId, { appId: task.appId, executorId }, days))
const rollUp = () => Promise.all([rollUpFigures(world.engine), rollUpFigures(other.engine)])

test('STA-1 each attempt counts once for the executor that had it and for its app, whichever nodes add them up', async () => {
  const task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 1 } } })
  const [one, two] = [await world.executor(task), await world.executor(task)]
  for (let n = 0; n < 4; n++) await world.start(task)
  const [a, b, c] = await one.claim(3)
  await one.report(success(a!), success(b!), failure(c!))
  // What failed is repeated here, beside the fourth.
  await world.sql(
    `update instance_live set avoid_until = null, avoid_executor_id = null, state = 'PENDING', wait_reason = null, due_at = null where id = $1`,
    c!.instance,
  )
  const [d, e] = await two.claim()
  await two.report(success(d!), success(e!))
  expect(await figures(task, await executorOf(one))).toEqual([])
  await rollUp()
  await rollUp()
  const none = { failed: 0, timedOut: 0, cancelled: 0, lost: 0 }
  const app = { days: 1, ofApp: true, ...none, succeeded: 4, failed: 1 }
  expect(await figures(task, await executorOf(one))).toEqual([{ days: 1, ofApp: false, ...none, succeeded: 2, failed: 1 }, app])
  expect(await figures(task, await executorOf(two))).toEqual([{ days: 1, ofApp: false, ...none, succeeded: 2 }, app])
})

test('STA-1 what was lost with an executor and what was cancelled counts for it, what it handed back unstarted does not', async () => {
  const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
  const [lost, kept] = [await world.executor(task), await world.executor(task)]
  await world.start(task)
  await lost.claim()
  await world.sql(`update executor_session set lease_until = now() - interval '1 hour' where id = $1`, lost.session)
  await reapLost(world.engine, true)
  const [run] = [await world.start(task), await world.start(task)]
  const assignments = await kept.claim()
  await world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run!]))
  await kept.report(
    ...assignments.map(({ instance, token }) =>
      instance === run ? success({ instance, token } as never) : ({ kind: 'RELEASE', instance, token } as const),
    ),
  )
  await rollUp()
  const none = { succeeded: 0, failed: 0, timedOut: 0, cancelled: 0, lost: 0 }
  const [ofLost] = await figures(task, await executorOf(lost))
  const [ofKept] = await figures(task, await executorOf(kept))
  expect([ofLost, ofKept]).toEqual([
    { days: 1, ofApp: false, ...none, lost: 1 },
    { days: 1, ofApp: false, ...none, cancelled: 1 },
  ])
})

test('STA-1 hours count as far as the days that are asked for reach', async () => {
  const task = await world.task()
  const executorId = 77
  const hour = (ago: string, succeeded: number) =>
    world.sql(
      `insert into executor_hour select $1, $2, $3, date_trunc('hour', now() - $4::interval), $5, 0, 0, 0, 0`,
      ...[task.tenantId, task.appId, executorId, ago, succeeded],
    )
  await hour('1 hour', 1)
  await hour('3 days', 10)
  await hour('60 days', 100)
  await hour('100 days', 1000)
  const rows = await figures(task, executorId, [1, 7, 90])
  expect(rows.map(({ days, succeeded }) => [days, succeeded])).toEqual([
    [1, 1],
    [7, 11],
    [90, 111],
  ])
})
