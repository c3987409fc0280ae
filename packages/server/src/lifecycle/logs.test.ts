import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, type World } from './engine.test-helper.ts'
import { storeLogs } from './logs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

test('a shipment that two nodes store at the same moment counts once against the limit of its attempt', async () => {
  const task = await world.task()
  const executor = await world.executor(task)
  const instance = await world.start(task)
  const [assignment] = await executor.claim()
  const shipment = {
    tenantId: task.tenantId,
    sessionId: executor.session,
    instance,
    token: assignment!.token,
    lines: ['one', 'two'].map((text, n) => ({ seq: n + 1, at: 0, level: 'INFO' as const, source: 'handler' as const, text })),
  }
  const other = world.secondNode()
  const backends = new Map<string, number>()
  const store = (name: string, db: World['db'], before: () => Promise<void>) =>
    db.lease(async (tx) => {
      const [row] = await tx.query<{ pid: number }>({ name: '', text: 'select pg_backend_pid() as pid' })
      backends.set(name, row!.pid)
      const answers = await storeLogs(tx, world.engine, [shipment])
      await before()
      return answers
    })
  let second: Promise<unknown> = Promise.resolve()
  const waits = async () => {
    second = store('second', other.engine.db, async () => undefined)
    // It has come as far as it can: to a lock of the first, if there is one, or else to its end.
    let over = false
    void second.finally(() => (over = true))
    const blocked = async () =>
      (await world.sql(`select 1 from pg_locks where pid = $1 and not granted`, backends.get('second') ?? 0)).length > 0
    while (!over && !(await blocked()));
  }
  const answer = [{ status: 'ACCEPTED', ackSeq: 2, cut: false }]
  expect(await store('first', world.db, waits)).toEqual(answer)
  expect(await second).toEqual(answer)
  await other.close()
  expect(await world.sql(`select lines::int, bytes::int from log_extent where instance_id = $1`, instance)).toEqual([
    { lines: 2, bytes: 6 },
  ])
})
