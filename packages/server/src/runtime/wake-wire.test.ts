import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { createWakeHub } from './wake-hub.ts'
import { openWakeWire } from './wake-wire.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

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
