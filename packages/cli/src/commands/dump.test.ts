import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { sharedClient } from '../testing/tasks.ts'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

// dump, load and migrate tell one story: everything of the shared server moves into a new data folder, where a node goes on with it.

let folder: ReturnType<typeof temporaryDataDir>
let file: string
beforeAll(() => {
  folder = temporaryDataDir()
  file = join(folder.dataDir, 'carillon.dump')
})
afterAll(() => folder.remove())

const elsewhere = () => join(folder.dataDir, 'elsewhere')
const command = async (...args: string[]) => {
  const started = new Started(args)
  return { code: await started.exited, err: started.stderr }
}

const DAG = { code: 'dumped', nodes: [{ code: 'rest', wait: { ms: 1 } }] }

test('a dump is written while the node goes on working, for the eyes of its owner', async () => {
  await sharedClient().definitions.apply({ body: { documents: [{ kind: 'Dag', ...DAG }] } })
  const { code, err } = await command('dump', file, '--data-dir', inject('dev').dataDir)
  expect(err).toMatch(/rows of \d+ tables are in/)
  expect(code).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await run(['scheduler', 'status'])).code).toBe(0)
})

test('loaded into a new folder, a node there knows the tasks and the DAGs, and accepts the tokens', async () => {
  mkdirSync(elsewhere())
  const { code, err } = await command('load', file, '--data-dir', elsewhere())
  expect(err).toMatch(/are in the database now/)
  expect(code).toBe(0)
  const node = new Started(['server', '--port', '0', '--data-dir', elsewhere()])
  const [line] = await node.says(/^\{.*"msg":"Listening"\}$/m)
  const { server, token } = { server: (JSON.parse(line) as { url: string }).url, token: inject('dev').token }
  const access = ['--server', server, '--token', token]
  const task = 'weather-report-seattle'
  expect(await runJson(['get', 'task', task, ...access])).toMatchObject({ code: task })
  expect(await runJson(['get', 'dag', DAG.code, ...access])).toMatchObject({ active: 1 })
  expect(node.stderr).not.toContain('First start')
  await node.stop()
})

test('a database that holds rows is left as it is', async () => {
  const { code, err } = await command('load', file, '--data-dir', elsewhere())
  expect(code).toBe(1)
  expect(err).toMatch(/not empty/)
})

test('a dump that breaks off leaves neither half a file nor harm to the one before', async () => {
  const { code } = await command('dump', join(folder.dataDir, 'no', 'such', 'folder'), '--data-dir', elsewhere())
  expect(code).toBe(2)
  const cut = join(folder.dataDir, 'cut.dump')
  writeFileSync(cut, 'no dump')
  expect(await command('load', cut, '--data-dir', join(folder.dataDir, 'third'))).toMatchObject({ code: 1 })
  expect(existsSync(`${file}.part`)).toBe(false)
})

test('migrate says that the schema is up to date', async () => {
  const { code, err } = await command('migrate', '--data-dir', elsewhere())
  expect(code).toBe(0)
  expect(err).toMatch(/The schema is up to date \(version \d+\)/)
})

test('a file that is not there costs no start of a database', async () => {
  const fresh = join(folder.dataDir, 'fresh')
  expect(await command('load', join(folder.dataDir, 'nothing'), '--data-dir', fresh)).toMatchObject({ code: 2 })
  expect(existsSync(fresh)).toBe(false)
})
