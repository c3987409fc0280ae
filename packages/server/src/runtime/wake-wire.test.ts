import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { createWakeHub } from './wake-hub.ts'
import { openWakeWire } from './wake-wire.ts'

let database: TestDatabase
let admin: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

const open = (nodeId: string) => {
  const hub = createWakeHub()
  return { hub, wire: openWakeWire({ url: database.url, nodeId, hub, onError: () => undefined }) }
}
const wires = async () => {
  const { rows } = await admin.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'carillon wake' and datname = current_database()`,
  )
  return rows.map(({ pid }) => pid)
}
const until = async (condition: () => Promise<boolean>) => {
  for (const end = performance.now() + 10_000; performance.now() < end;) if (await condition()) return
  throw new Error('It did not come to that.')
}
const connected = async (count: number) => until(async () => (await wires()).length === count)

test('a wake of one node is heard by the other, also after the connection was cut', async () => {
  const [one, two] = [open('one'), open('two')]
  const heard = async () => {
    let is = false
    const waiting = two.hub.wait(['q1'], 10_000).then((woken) => (is = woken))
    while (!is) {
      one.hub.wake('q1')
      await new Promise((resolve) => setImmediate(resolve))
    }
    return waiting
  }
  expect(await heard()).toBe(true)
  await admin.query(`select pg_terminate_backend(pid) from unnest($1::int[]) pid`, [await wires()])
  expect(await heard()).toBe(true)
  await Promise.all([one.wire.close(), two.wire.close()])
})

test('a wire that is closed while it connects leaves no connection, and hears nothing more', async () => {
  const { hub, wire } = open('one')
  await wire.close()
  await connected(0)
  hub.wake('q1')
  const again = open('two')
  await connected(1)
  await again.wire.close()
  await connected(0)
})

test('hints reach the other node however many there are at once, one statement after the other', async () => {
  const warnings: string[] = []
  const warned = (warning: Error) => void warnings.push(warning.message)
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const [here, there] = [createWakeHub(), createWakeHub()]
  const fail = (error: unknown) => {
    throw error
  }
  const wires = [
    openWakeWire({ url: database.url, nodeId: 'here', hub: here, onError: fail }),
    openWakeWire({ url: database.url, nodeId: 'there', hub: there, onError: fail }),
  ]
  const topics = Array.from({ length: 5_000 }, (_, n) => `a${n}`)
  const heard = Promise.all(
    topics.map((topic) => new Promise<void>((resolve) => there.wait([topic], 60_000).then(() => resolve()))),
  )
  let arrived = false
  void heard.then(() => (arrived = true))
  while (!arrived) {
    topics.forEach((topic) => here.wake(topic))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(wires.map((wire) => wire.close()))
  expect(warnings).toEqual([])
})
