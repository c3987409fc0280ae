import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { run } from '../testing/run.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

let home: ReturnType<typeof temporaryDataDir>
let env: NodeJS.ProcessEnv
beforeEach(() => {
  home = temporaryDataDir()
  env = { CARILLON_DATA_DIR: join(home.dataDir, 'none'), XDG_CONFIG_HOME: home.dataDir, APPDATA: home.dataDir }
})
afterEach(() => home.remove())

test('what was logged in to once, later commands use', async () => {
  const { server, token } = inject('dev')
  const { code, out } = await run(['login', '--server', server, '--token', token], env)
  expect(code).toBe(0)
  expect(out).toMatch(/token:first-start, owner of default at http:/)
  expect((await run(['get', 'tasks'], env)).code).toBe(0)
})

test('a token that the server does not accept is not kept', async () => {
  const { code } = await run(['login', '--server', inject('dev').server, '--token', `carillon_${'x'.repeat(43)}`], env)
  expect(code).toBe(4)
  expect(existsSync(join(home.dataDir, 'carillon'))).toBe(false)
})

test('where nobody can be asked, it says what to give', async () => {
  const { code, err } = await run(['login'], env)
  expect(code).toBe(2)
  expect(err).toMatch(/--server and --token/)
})
