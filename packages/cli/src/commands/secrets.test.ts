import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, inject, onTestFinished, test } from 'vitest'
import { run, runJson, sharedEnv } from '../testing/run.ts'
import { sharedClient } from '../testing/tasks.ts'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

const withInput = (args: readonly string[], input: string) => run(args, sharedEnv(), input)

test('a secret comes from standard input, is listed without its value, rotated and deleted', async () => {
  const created = await withInput(
    ['secrets', 'create', 'cli-one', '--app', 'examples', '--description', 'for a test'],
    'canary-cli-1\n',
  )
  expect(created.out).toBe('Secret cli-one is stored. Refer to it as ${{ secrets.cli-one }}.\n')
  expect((await withInput(['secrets', 'rotate', 'cli-one'], 'canary-cli-2')).out).toBe('Secret cli-one has its value number 2.\n')
  const list = await run(['secrets', 'list'])
  expect(list.out).toMatch(/cli-one +number 2 +examples/)
  expect(list.out + JSON.stringify(await runJson(['secrets', 'list']))).not.toContain('canary')
  expect((await run(['secrets', 'delete', 'cli-one'])).out).toBe('Secret cli-one is deleted.\n')
  expect((await run(['secrets', 'delete', 'cli-one'])).code).toBe(3)
})

test('an empty value is refused before anything is sent', async () => {
  expect(await withInput(['secrets', 'create', 'cli-empty'], '\n')).toMatchObject({ code: 2 })
})

test('S33 a secret that a run uses is in no output, no log, no dump and no file of the node', async () => {
  const canary = `canary-${randomBytes(12).toString('hex')}`
  const client = sharedClient()
  expect((await withInput(['secrets', 'create', 'cli-used'], canary)).code).toBe(0)
  await client.taskTypes.create({
    body: { code: 'cli-secret', kind: 'log', settings: { message: 'key ${{ secrets.cli-used }}' } },
  })
  // The whole text is a reference; one within a text is not.
  await client.taskTypes.create({ body: { code: 'cli-whole', kind: 'log', settings: { message: '${{ secrets.cli-used }}' } } })
  await client.tasks.create({ body: { code: 'cli-secret', type: 'cli-whole', params: { key: '${{ secrets.cli-used }}' } } })
  const triggered = await run(['trigger', 'cli-secret', '--follow'])
  expect(triggered.code).toBe(0)
  expect(triggered.out + triggered.err).toContain('********')
  const [newest] = await runJson<{ id: number }[]>(['runs', '--task', 'cli-secret'])
  const { output } = await client.instances.get({ params: { instance: newest!.id } })
  expect(output).toEqual({ key: '********' })
  const { dataDir } = inject('dev')
  const folder = temporaryDataDir()
  onTestFinished(folder.remove)
  const file = join(folder.dataDir, 'canary.dump')
  expect(await new Started(['dump', file, '--data-dir', dataDir]).exited).toBe(0)
  const dumped = gunzipSync(readFileSync(file))
  expect(dumped.includes('cli-used')).toBe(true)
  const audit = JSON.stringify(await runJson(['get', 'audit']))
  expect(audit).toContain('secret.create')
  for (const place of [triggered.out, triggered.err, audit, dumped, readFileSync(join(dataDir, 'server.log'))])
    expect(place.includes(canary)).toBe(false)
})

test('after rotate-key a node needs the new master key alone', async () => {
  const folder = temporaryDataDir()
  onTestFinished(folder.remove)
  const dataDir = join(folder.dataDir, 'data')
  mkdirSync(dataDir)
  const [old, fresh] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
  const start = async (env: NodeJS.ProcessEnv) => {
    const node = new Started(['dev', '--no-examples', '--port', '0', '--data-dir', dataDir], env)
    await node.says(/Carillon runs at/)
    return node
  }
  const here = { CARILLON_DATA_DIR: dataDir }
  const first = await start({ CARILLON_SECRETS_KEY: old })
  expect((await run(['secrets', 'create', 'kept'], here, 'the value')).code).toBe(0)
  await first.stop()
  const rotation = new Started(['secrets', 'rotate-key', '--data-dir', dataDir], {
    CARILLON_SECRETS_KEY: fresh,
    CARILLON_SECRETS_PREVIOUS_KEYS: old,
  })
  expect(await rotation.exited).toBe(0)
  expect(rotation.stderr).toMatch(/1 data keys are locked by the present master key now/)
  const keyFile = join(folder.dataDir, 'key')
  writeFileSync(keyFile, fresh, { mode: 0o600 })
  const second = await start({ CARILLON_SECRETS_KEY_FILE: keyFile })
  const api = async (path: string, body: object) => {
    const { server, token } = JSON.parse(readFileSync(join(dataDir, 'cli.json'), 'utf8')) as { server: string; token: string }
    const answer = await fetch(`${server}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBeLessThan(300)
  }
  await api('task-types', { code: 'uses', kind: 'log', settings: { message: '${{ secrets.kept }}' } })
  await api('tasks', { code: 'uses', type: 'uses' })
  expect((await run(['trigger', 'uses', '--follow'], here)).code).toBe(0)
  await second.stop()
})
