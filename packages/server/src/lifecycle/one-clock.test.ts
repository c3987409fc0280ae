import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createWorld, failure, started, type World } from './engine.test-helper.ts'
import { fireSchedules } from './fire-schedules.ts'
import { promoteDue, reapLost, timeOut } from './overdue.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
afterEach(() => void vi.useRealTimers())

const DAY = 86_400_000
const source = join(import.meta.dirname, '..')

test.each(['lifecycle', 'storage'])('INV-11 nothing in %s asks the clock of its own machine', (folder) => {
  const guilty = readdirSync(join(source, folder))
    .filter((file) => file.endsWith('.ts') && !file.includes('.test'))
    .filter((file) => /Date\.now\(|new Date\(\)/.test(readFileSync(join(source, folder, file), 'utf8')))
  expect(guilty).toEqual([])
})

test.each([
  ['a day behind', -DAY],
  ['400 days ahead', 400 * DAY],
])(
  'INV-11 a node whose clock is %s fires, retries, times out and reaps exactly what the database says is due',
  async (_name, drift) => {
    const task = await world.task({ node: { timeoutMs: 60_000 } })
    const executor = await world.executor(task)
    const now = await world.db.engine((tx) => tx.now())
    vi.useFakeTimers({ toFake: ['Date'], now: now + drift })
    const due = await world.schedule(task, { timing: { kind: 'ONCE', at: now - 1_000 }, nextFireAt: now - 1_000 })
    const notDue = await world.schedule(task, { timing: { kind: 'ONCE', at: now + DAY / 2 }, nextFireAt: now + DAY / 2 })
    while ((await fireSchedules(world.firing)) === 0);
    expect(await world.ledger(due)).toMatchObject([{ outcome: 'RUN', reason: 'ON_TIME' }])
    expect(await world.ledger(notDue)).toEqual([])

    const [assignment] = await executor.claim()
    await executor.report(started(assignment!))
    await timeOut(world.engine)
    await reapLost(world.engine, true)
    expect(await world.run(assignment!.run)).toMatchObject({ instance: 'RUNNING' })
    await executor.report(failure(assignment!))
    await promoteDue(world.engine)
    expect(await world.run(assignment!.run)).toMatchObject({ instance: 'WAITING', waits: 'TIME' })
  },
)
