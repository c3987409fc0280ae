import { afterAll, beforeAll, expect, test } from 'vitest'
import { setExecutorStatus } from '../storage/executor-admin.ts'
import { createPushDispatch, dispatchPush } from './dispatch.ts'
import { createWorld, success, type TestTask, type World } from './engine.test-helper.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'

let world: World
let traffic: ExecutorTraffic
beforeAll(async () => {
  world = await createWorld()
  traffic = createExecutorTraffic(world.engine)
})
afterAll(() => world.close())

const NEVER = new AbortController().signal
const principal = (task: TestTask) => ({ tenantId: task.tenantId, appId: null })

function register(task: TestTask, instance: string, mode: 'PULL' | 'PUSH') {
  const body = { protocol: 1, app: task.appCode, instance, mode, handlers: [task.handler], capacity: 5 }
  return traffic.register(principal(task), { ...body, ...(mode === 'PUSH' && { address: `http://${instance}.example` }) })
}
const drain = (task: TestTask, id: number) =>
  world.db.engine((tx) =>
    setExecutorStatus(tx, task.tenantId, id, { status: 'DRAINING', setBy: 'user:x', reason: 'new release' }),
  )

test('a drained pull executor finishes what it runs, gets nothing new, and hears of it; registering anew lifts nothing', async () => {
  const task = await world.task()
  const [drained, other] = [await register(task, 'drained', 'PULL'), await register(task, 'other', 'PULL')]
  const claim = (session: number, seq: number) =>
    traffic.claim(principal(task), { session, seq, max: 5, waitMs: 0 }, NEVER).then(({ assignments }) => assignments)
  const run = await world.start(task)
  const [held] = await claim(drained.session, 1)
  await drain(task, drained.executorId)
  const next = await world.start(task)
  expect(await claim(drained.session, 2)).toEqual([])
  expect(await traffic.heartbeat(principal(task), { session: drained.session, running: [held!] })).toMatchObject({
    control: { status: 'DRAINING', stop: [], lost: [] },
  })
  expect(await claim(other.session, 1)).toMatchObject([{ instance: next }])
  await traffic.report(principal(task), { session: drained.session, items: [success(held!)] })
  expect(await world.run(run)).toMatchObject({ run: 'SUCCESS' })
  const again = await register(task, 'drained', 'PULL')
  await world.start(task)
  expect(await claim(again.session, 1)).toEqual([])
})

test('a drained push executor is called no more: its share goes to the others', async () => {
  const task = await world.task()
  const [drained, other] = [await register(task, 'drained', 'PUSH'), await register(task, 'other', 'PUSH')]
  const calls: { session: number; instance: number }[] = []
  const push = createPushDispatch({
    invoke: ({ session }, assignments) => calls.push(...assignments.map(({ instance }) => ({ session, instance }))),
    cancel: () => undefined,
  })
  for (let n = 0; n < 2; n++) await world.start(task)
  await dispatchPush(world.engine, push)
  expect(new Set(calls.map(({ session }) => session))).toEqual(new Set([drained.session, other.session]))
  const held = calls.splice(0).find(({ session }) => session === drained.session)!
  await drain(task, drained.executorId)
  for (let n = 0; n < 3; n++) await world.start(task)
  await dispatchPush(world.engine, push)
  expect(calls.map(({ session }) => session)).toEqual([other.session, other.session, other.session])
  const item = { kind: 'SUCCESS', instance: held.instance, token: 1 } as const
  expect(await traffic.report(principal(task), { session: drained.session, items: [item] })).toEqual({
    items: [{ status: 'ACCEPTED' }],
  })
})
