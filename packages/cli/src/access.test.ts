import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accessFile, findAccess, keepAccess, localAccessFile, readAccess } from './access.ts'
import { temporaryDataDir } from './testing/temporary.ts'

let home: ReturnType<typeof temporaryDataDir>
let env: NodeJS.ProcessEnv
beforeEach(() => {
  home = temporaryDataDir()
  env = {
    CARILLON_DATA_DIR: join(home.dataDir, 'data'),
    XDG_CONFIG_HOME: join(home.dataDir, 'config'),
    APPDATA: join(home.dataDir, 'config'),
  }
})
afterEach(() => home.remove())

const local = () => localAccessFile(env.CARILLON_DATA_DIR!)
const here = { server: 'http://127.0.0.1:7070', token: 'local' }
const there = { server: 'https://carillon.example', token: 'remote' }

test('the data folder beside which a command is given wins over what the user logged in to', () => {
  keepAccess(accessFile(env), there)
  expect(findAccess({}, env)).toEqual(there)
  keepAccess(local(), here)
  expect(findAccess({}, env)).toEqual(here)
})

test('options win over the environment, which wins over files', () => {
  keepAccess(local(), here)
  const inEnv = { ...env, CARILLON_SERVER: 'http://env', CARILLON_TOKEN: 'env' }
  expect(findAccess({}, inEnv)).toEqual({ server: 'http://env', token: 'env' })
  expect(findAccess({ server: 'http://option', token: 'option', tenant: 'shop' }, inEnv)).toEqual({
    server: 'http://option',
    token: 'option',
    tenant: 'shop',
  })
})

test('a kept token is never sent to another server than its own', () => {
  keepAccess(local(), here)
  expect(() => findAccess({ server: 'http://elsewhere' }, env)).toThrow('No token is known for http://elsewhere')
})

test('with nothing known, it says what to do', () => {
  expect(() => findAccess({}, env)).toThrow('Which server? None is known here.')
})

test.skipIf(process.platform === 'win32')(
  'what is kept is for the eyes of its owner, also where the file was there before',
  () => {
    mkdirSync(env.CARILLON_DATA_DIR!, { recursive: true })
    writeFileSync(local(), '{}', { mode: 0o644 })
    keepAccess(local(), here)
    expect(statSync(local()).mode & 0o777).toBe(0o600)
    expect(readAccess(local())).toEqual(here)
    expect(existsSync(`${local()}.${process.pid}`)).toBe(false)
  },
)

test('a file that is damaged is named, and what to do', () => {
  mkdirSync(env.CARILLON_DATA_DIR!, { recursive: true })
  writeFileSync(local(), '{"server":')
  expect(() => findAccess({}, env)).toThrow(`${local()} cannot be read`)
})
