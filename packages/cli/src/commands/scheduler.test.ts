import { afterAll, beforeAll, expect, test } from 'vitest'
import { run as runCommand } from '../testing/run.ts'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

// A server of its own: stopping the scheduler of the shared one would stop the other tests.

let folder: ReturnType<typeof temporaryDataDir>
let dev: Started
beforeAll(async () => {
  folder = temporaryDataDir()
  dev = new Started(['dev', '--no-examples'], { CARILLON_DATA_DIR: folder.dataDir, CARILLON_PORT: '0' })
  await dev.says(/Carillon runs at/)
})
afterAll(async () => {
  await dev.stop()
  folder.remove()
})

const run = (...args: string[]) => runCommand(['scheduler', ...args], { CARILLON_DATA_DIR: folder.dataDir })
const status = async () =>
  JSON.parse((await run('status', '--json')).out) as { state: string; nodes: { id: string; state: string }[] }

test('status shows the state and every node', async () => {
  const { code, out } = await run('status')
  expect(code).toBe(0)
  expect(out).toMatch(/^RUNNING; 0 running, 0 pending\n\nNODE[^\n]*\n\S+ .* RUNNING +yes/)
})

test.each([
  ['stop', 'STOPPED'],
  ['drain', 'DRAINING'],
  ['start', 'RUNNING'],
] as const)('%s makes it %s', async (action, state) => {
  expect((await run(action)).out).toMatch(new RegExp(`^${state} \\(by token:first-start`))
  expect((await status()).state).toBe(state)
})

test('one node can be stopped alone', async () => {
  const { id } = (await status()).nodes[0]!
  expect((await run('stop', '--node', id)).code).toBe(0)
  expect(await status()).toMatchObject({ state: 'RUNNING', nodes: [{ id, state: 'STOPPED' }] })
  expect((await run('start', '--node', 'no-such-node')).code).toBe(3)
})
