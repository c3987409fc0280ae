import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run as runCommand } from '../testing/run.ts'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

let folder: ReturnType<typeof temporaryDataDir>
let dev: Started
let healthy: Server
let address: string
beforeAll(async () => {
  folder = temporaryDataDir()
  dev = new Started(['dev', '--no-examples'], { CARILLON_DATA_DIR: folder.dataDir, CARILLON_PORT: '0' })
  await dev.says(/Carillon runs at/)
  const app = join(folder.dataDir, 'app.yaml')
  writeFileSync(app, 'kind: App\ncode: typed\n')
  await runCommand(['apply', '-f', app], { CARILLON_DATA_DIR: folder.dataDir })
  healthy = createServer((_request, response) => response.end('OK'))
  await new Promise<void>((resolve) => healthy.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(healthy.address() as AddressInfo).port}`
})
afterAll(async () => {
  await dev.stop()
  await new Promise((resolve) => (healthy.closeAllConnections(), healthy.close(resolve)))
  folder.remove()
})

const run = (...args: string[]) => runCommand(['executors', ...args], { CARILLON_DATA_DIR: folder.dataDir })
const parts = () => [
  '--app',
  'typed',
  '--handler',
  'h',
  '--capacity',
  '3',
  '--address',
  address,
  '--health-url',
  `${address}/health`,
]
const read = async (id: number) => {
  const { out } = await runCommand(['get', 'executor', String(id), '--json'], { CARILLON_DATA_DIR: folder.dataDir })
  return JSON.parse(out) as { status: string; health: string; labels: object }
}

test('an executor that is registered by hand is checked, gets into service, is drained and brought back, and its history shows it', async () => {
  const { id } = JSON.parse((await run('register', 'typed-in', ...parts(), '--label', 'zone=a', '--json')).out) as { id: number }
  for (let status = ''; status !== 'ONLINE';) status = (await read(id)).status
  expect(await read(id)).toMatchObject({ health: 'HEALTHY', labels: { zone: 'a' } })
  expect((await run('drain', String(id), '--reason', 'new release')).out).toContain('typed-in is DRAINING; it runs 0 of 3')
  const offline = JSON.parse((await run('offline', 'typed/typed-in', '--reason', 'sold', '--json')).out)
  expect(offline).toMatchObject({ status: 'OFFLINE', statusReason: 'sold', inService: false })
  expect((await run('online', 'typed/typed-in')).out).toContain('typed-in is ONLINE')
  expect((await run('history', String(id))).out.split('\n').map((line) => line.trim().split(/ {2,}/).slice(1, 3))).toEqual(
    expect.arrayContaining([
      ['STATUS', 'DRAINING'],
      ['HEALTH', 'HEALTHY'],
      ['STATUS', 'OFFLINE'],
    ]),
  )
})

test('an executor of xxl-job is registered with the token that it calls back with, which no list and no answer shows', async () => {
  const anywhere = { CARILLON_DATA_DIR: folder.dataDir }
  const { out } = await runCommand(['token', 'create', 'old-ones', '--role', 'executor', '--app', 'typed'], anywhere)
  const token = /carillon_[A-Za-z0-9_-]{43}/.exec(out)![0]
  const register = (input: string, ...more: string[]) =>
    runCommand(['executors', 'register-xxl-job', 'http://127.0.0.1:9', '--app', 'typed', ...more], anywhere, input)
  expect((await register('some_token_of_the_old_admin')).err).toContain('is no token of the role executor for the app typed')
  const made = await register(`${token}\n`, '--name', 'old-1', '--capacity', '7', '--maintenance', 'not yet', '--json')
  expect(JSON.parse(made.out)).toMatchObject({
    ...{ instance: 'old-1', protocol: 'XXL_JOB', capacity: 7, status: 'MAINTENANCE', statusReason: 'not yet' },
    ...{ healthUrl: 'http://127.0.0.1:9/beat', handlers: ['xxl-job'] },
  })
  expect(made.out + (await run('show', 'typed/old-1')).out).not.toContain(token)
  expect((await run('update', 'typed/old-1', '--handler', 'h')).err).toContain('is given by the protocol of xxl-job')
  expect((await run('delete', 'typed/old-1')).code).toBe(0)
})

test('one that is registered by hand is changed: what is not said stays, and a default is had back', async () => {
  const rules = ['--health-every', '2m', '--per-call', '5', '--metadata', 'rack=7']
  const made = JSON.parse((await run('register', 'third', ...parts(), ...rules, '--label', 'zone=a', '--json')).out)
  expect(made).toMatchObject({ healthEveryMs: 120_000, perCall: 5, metadata: { rack: '7' }, labels: { zone: 'a' } })
  const update = async (...args: string[]) => JSON.parse((await run('update', 'typed/third', ...args, '--json')).out)
  expect(await update('--capacity', '8', '--handler', 'g', '--handler', 'k', '--per-call', '2')).toMatchObject({
    ...{ capacity: 8, handlers: ['g', 'k'], perCall: 2, healthEveryMs: 120_000, metadata: { rack: '7' }, labels: { zone: 'a' } },
  })
  expect(await update('--per-call', 'default', '--health-every', 'default', '--label', 'zone=b')).toMatchObject({
    ...{ perCall: null, healthEveryMs: null, labels: { zone: 'b' }, capacity: 8 },
  })
  expect((await run('update', 'typed/third', '--no-call-token')).out).toMatch(/^Executor third is changed; it is [A-Z]+\.$/m)
  expect((await run('update', 'typed/third', '--health-every', 'often')).err).toContain('a time as 30s')
  expect((await run('delete', 'typed/third')).code).toBe(0)
})

test('one is shown with its load, its figures and its last changes, and all of an app are taken out of work and back at once', async () => {
  const apps = (...args: string[]) => runCommand(['apps', ...args], { CARILLON_DATA_DIR: folder.dataDir })
  await run('register', 'second', ...parts())
  expect((await apps('maintenance', 'typed', '--reason', 'new racks')).out).toMatch(
    /^Executors of typed that are MAINTENANCE now: [12]\./,
  )
  const shown = JSON.parse((await run('show', 'typed/second', '--json')).out)
  expect(shown).toMatchObject({ status: 'MAINTENANCE', statusReason: 'new racks', load: 0, figures: { week: { succeeded: 0 } } })
  expect(shown.lastChanges[0]).toMatchObject({ value: 'MAINTENANCE', reason: 'new racks' })
  expect((await apps('offline', 'typed')).out).toMatch(/^Executors of typed that are OFFLINE now: [12]\./)
  expect((await apps('online', 'typed')).code).toBe(0)
  expect((await apps('pause', 'typed')).out).toBe('The app typed is paused.\n')
  expect((await apps('resume', 'typed')).out).toBe('The app typed is not paused.\n')
  expect((await apps('history', 'typed')).out).toMatch(/update[^]*update[^]*create/)
  expect((await run('delete', 'typed/second')).code).toBe(0)
  expect((await run('show', 'typed/second')).err).toContain('has no executor "second"')
})

test.each([
  ['what is no number', ['drain', 'typed-in'], 'or as app/instance'],
  ['a name that there is not', ['drain', 'typed/nobody'], 'The app typed has no executor "nobody"'],
  ['a name that is taken', ['register', 'typed-in'], 'has an executor "typed-in" already'],
])('%s is refused in words', async (_name, args, words) => {
  const { code, err } = await run(...args, ...(args[0] === 'register' ? parts() : []))
  expect(code).not.toBe(0)
  expect(err).toContain(words)
})
