import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localAccessFile, readAccess } from '../access.ts'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

// One data folder, started again and again as its user would: the tests follow each other.

let folder: ReturnType<typeof temporaryDataDir>
let token: string
beforeAll(() => {
  folder = temporaryDataDir()
})
afterAll(() => folder.remove())

async function start(...args: string[]): Promise<{ dev: Started; url: string }> {
  const dev = new Started(['dev', ...args], { CARILLON_DATA_DIR: folder.dataDir, CARILLON_PORT: '0' })
  const [, url] = await dev.says(/Carillon runs at (http:\S+)/)
  return { dev, url: url! }
}

const whoami = (url: string, bearer: string) => fetch(`${url}/api/v1/whoami`, { headers: { authorization: `Bearer ${bearer}` } })

test('the first start says password and token, keeps the token for later commands, and stores neither anywhere else', async () => {
  const { dev, url } = await start()
  token = (await dev.says(/token\s+(carillon_\S+)/))[1]!
  const password = (await dev.says(/password\s+(\S+)/))[1]!
  expect((await whoami(url, token)).status).toBe(200)
  expect(readAccess(localAccessFile(folder.dataDir))).toEqual({ server: url, token })
  await dev.says(/serves the handler/)
  expect(await dev.stop()).toBe(0)
  expect(dev.stderr).toMatch(/Stopped\. Your data is kept/)
  const log = readFileSync(join(folder.dataDir, 'server.log'), 'utf8')
  expect(log).not.toContain(password)
  expect(log).not.toContain(token)
})

test.skipIf(process.platform === 'win32')('what it keeps of secrets is for the eyes of its owner', () => {
  for (const name of ['cli.json', 'examples.json']) expect(statSync(join(folder.dataDir, name)).mode & 0o777).toBe(0o600)
})

test('a later start keeps data and token and says no secret; its address is known to later commands', async () => {
  const { dev, url } = await start('--no-examples')
  expect((await whoami(url, token)).status).toBe(200)
  expect(dev.stderr).not.toMatch(/password|carillon_/)
  expect(readAccess(localAccessFile(folder.dataDir))).toEqual({ server: url, token })
  expect(await dev.stop()).toBe(0)
})

test('a second start on the same folder says who holds it, and the first goes on', async () => {
  const { dev, url } = await start('--no-examples')
  const second = new Started(['dev'], { CARILLON_DATA_DIR: folder.dataDir, CARILLON_PORT: '0' })
  expect(await second.exited).toBe(1)
  expect(second.stderr).toMatch(/is in use: Carillon process \d+ runs PostgreSQL/)
  expect((await whoami(url, token)).status).toBe(200)
  await dev.stop()
})

test('killed with -9, it takes database and example executor with it, and a start right afterwards works', async () => {
  const { dev } = await start()
  await dev.says(/serves the handler/)
  const executor = childOf(dev.process.pid!)
  dev.signal('SIGKILL')
  await dev.exited
  const { dev: next, url } = await start('--no-examples')
  expect((await whoami(url, token)).status).toBe(200)
  await expect.poll(() => existsSync(`/proc/${executor}`), { timeout: 40_000 }).toBe(false)
  await next.stop()
})

/** The node process among the children, which is the executor. */
function childOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('examples'))!
}
