import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'
import { housekeep } from './housekeep.ts'
import { internPinnedQueues } from '../storage/queue.ts'
import { markExecutorDeleted } from '../storage/executor-admin.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const RETENTION = { historyDays: 90, logDays: 30, ledgerDays: 90, auditDays: 365, idempotencyMs: 86_400_000 }
const server = (task: TestTask, more: object = {}) => ({
  ...{ tenantId: task.tenantId, appId: task.appId, executorId: 1, handlers: [task.handler], labels: {} },
  ...more,
})

test('what an executor serves is worked out once, until it or the queues of its app change', async () => {
  const { queues } = world.engine
  const task = await world.task()
  await world.db.engine((tx) => queues.refresh(tx))
  const first = queues.servedBy(server(task))
  expect(first.map(({ id }) => id)).toEqual([task.queueId])
  expect(queues.servedBy(server(task))).toBe(first)
  expect(queues.servedBy(server(task, { handlers: [] }))).toEqual([])
  const [added] = await world.sql<{ id: number }>(
    `insert into queue (app_tenant_id, app_id, handler, selector) values ($1, $2, $3, '{"zone": "a"}') returning id`,
    ...[task.tenantId, task.appId, task.handler],
  )
  await world.db.engine((tx) => queues.refresh(tx))
  expect(queues.servedBy(server(task))).toEqual(first)
  expect(queues.servedBy(server(task, { labels: { zone: 'a' } })).map(({ id }) => id)).toEqual([task.queueId, added!.id])
})

test('the queues of an executor that was removed go with it, once nothing lives in them; those of others stay', async () => {
  const task = await world.task()
  const executors = [await world.executor(task), await world.executor(task), await world.executor(task)]
  const pinned = await world.db.engine((tx) => internPinnedQueues(tx, [task.queueId]))
  await world.db.engine((tx) => world.engine.queues.refresh(tx))
  const run = await world.start(task)
  await world.sql(`update instance_live set queue_id = $1 where id = $2`, pinned[1]!.id, run)
  const ids = await world.sql<{ id: number }>(`select executor_id as id from executor_session where id = any($1) order by id`, [
    ...executors.map(({ session }) => session),
  ])
  for (const { id } of ids.slice(0, 2)) await world.db.engine((tx) => markExecutorDeleted(tx, task.tenantId, id))
  const kept = async () => {
    await housekeep(world.engine, world.firing.days, RETENTION)
    await world.db.engine((tx) => world.engine.queues.prune(tx))
    return pinned.map(({ id }) => world.engine.queues.get(id) !== undefined)
  }
  expect(await kept()).toEqual([true, true, true])
  await world.sql(`update executor set deleted_at = now() - interval '2 hours' where deleted_at is not null`)
  expect(await kept()).toEqual([false, true, true])
  expect(world.engine.queues.ofApp(task.tenantId, task.appId).map(({ id }) => id)).toEqual([
    task.queueId,
    ...pinned.slice(1).map(({ id }) => id),
  ])
})

test('an executor that left a week ago is removed, unless a person has said something about it or it is back', async () => {
  const task = await world.task()
  const sessions = await Promise.all([1, 2, 3].map(() => world.executor(task)))
  const list = () =>
    world.sql<{ session: number }>(
      `select s.id as session from executor e join executor_session s on s.executor_id = e.id
       where e.app_id = $1 and e.deleted_at is null order by s.id`,
      task.appId,
    )
  await world.sql(`update executor set status = 'OFFLINE', updated_at = now() - interval '8 days' where app_id = $1`, task.appId)
  await world.sql(
    `update executor_session set ended_at = now(), end_reason = 'LEFT' where id = any($1)`,
    sessions.slice(0, 2).map(({ session }) => session),
  )
  await world.sql(
    `update executor e set status_set_by = 'user:x' from executor_session s where s.executor_id = e.id and s.id = $1`,
    sessions[1]!.session,
  )
  await housekeep(world.engine, world.firing.days, RETENTION)
  expect(await list()).toEqual(
    sessions
      .slice(1)
      .map(({ session }) => ({ session }))
      .sort((a, b) => a.session - b.session),
  )
})
