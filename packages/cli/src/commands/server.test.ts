import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

let folder: ReturnType<typeof temporaryDataDir>
beforeAll(() => {
  folder = temporaryDataDir()
})
afterAll(() => folder.remove())

async function start(): Promise<{ node: Started; url: string }> {
  const node = new Started(['server', '--port', '0'], { CARILLON_DATA_DIR: folder.dataDir })
  const [line] = await node.says(/^\{.*"msg":"Listening"\}$/m)
  return { node, url: (JSON.parse(line) as { url: string }).url }
}

const health = async (url: string) => (await fetch(`${url}/health`)).status

test('a taken port is named with what to do, and the first password waits for a start that works', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  const node = new Started(['server', '--port', String(port)], { CARILLON_DATA_DIR: folder.dataDir })
  expect(await node.exited).toBe(1)
  expect(node.stderr).toContain(`127.0.0.1:${port} already`)
  expect(node.stderr).not.toContain('password')
  taken.close()
})

test('a node answers, logs as JSON alone, says the first password once, and leaves in order when asked', async () => {
  const { node, url } = await start()
  expect(await health(url)).toBe(200)
  expect(await node.stop()).toBe(0)
  for (const line of node.stdout.trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()
  expect(node.stdout).not.toMatch(/carillon_[A-Za-z0-9_-]{40}/)
  expect(node.stderr).toMatch(/password\s+\S+\n\s+token\s+carillon_/)
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it in order; what was started a moment ago is not left behind',
  async (signal) => {
    const { node, url } = await start()
    node.signal(signal)
    expect(await node.exited).toBe(0)
    await expect(health(url)).rejects.toThrow()
  },
)

test('a second signal ends it at once', async () => {
  const { node } = await start()
  // Stopped in the middle of leaving, it cannot win the race against the second signal.
  node.signal('SIGSTOP')
  node.signal('SIGTERM')
  node.signal('SIGINT')
  node.signal('SIGCONT')
  expect(await node.exited).toBeOneOf([128 + 2, 128 + 15])
})

test('when its database has ended, the node ends too and says so', async () => {
  const { node } = await start()
  const postgres = Number(readFileSync(join(folder.dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(postgres, 'SIGKILL')
  expect(await node.exited).toBe(1)
  expect(node.stderr).toContain('The database of this node has ended')
})

test('a database that does not answer is named as such', async () => {
  const node = new Started(['server', '--port', '0'], {
    CARILLON_DATA_DIR: folder.dataDir,
    DATABASE_URL: 'postgresql://u:secret@127.0.0.1:1/x',
  })
  expect(await node.exited).toBe(5)
  expect(node.stderr).toMatch(/No connection: .*127\.0\.0\.1:1/)
  expect(node.stderr).not.toContain('secret')
})
