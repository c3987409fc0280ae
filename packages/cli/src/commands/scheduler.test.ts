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

test('restart is a stop that the node has heard of and a start, both in the audit trail', async () => {
  const { code, out, err } = await run('restart', '--json')
  expect({ code, err }).toEqual({ code: 0, err: 'Stopped. Waiting for the nodes to hear of it …\n' })
  const { state, nodes } = JSON.parse(out) as { state: string; nodes: { seenAt: number }[] }
  const [start, stop] = await records('scheduler')
  expect([state, start!.operation, stop!.operation]).toEqual(['RUNNING', 'scheduler.start', 'scheduler.stop'])
  expect(nodes[0]!.seenAt).toBeGreaterThan(stop!.at)
})

test('restart of one node lets it run again when it was stopped', async () => {
  const { id } = (await status()).nodes[0]!
  await run('stop', '--node', id)
  expect((await run('restart', '--node', id)).code).toBe(0)
  expect(await status()).toMatchObject({ state: 'RUNNING', nodes: [{ id, state: 'RUNNING' }] })
  expect((await records('node')).map(({ operation }) => operation).slice(0, 2)).toEqual(['node.start', 'node.stop'])
  expect((await run('restart', '--node', 'no-such-node')).code).toBe(3)
})

/** Of what is done to the scheduler, or to a node; newest first. It stands in the platform's own trail. */
async function records(of: 'scheduler' | 'node'): Promise<{ operation: string; at: number }[]> {
  const { out } = await runCommand(['get', 'audit', '-n', '50', '--tenant', 'platform', '--json'], {
    CARILLON_DATA_DIR: folder.dataDir,
  })
  const all = JSON.parse(out) as { operation: string; at: number }[]
  return all.filter(({ operation }) => operation.startsWith(`${of}.`))
}
