import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { privateEgressOf, publicUrlOf, ConfigError, loadConfig, namedSettings, nodeIdOf, type ConfigSources } from './config.ts'
import { settingsTable } from './config/document.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function file(...lines: string[]): string {
  const path = join(folder, 'carillon.yaml')
  writeFileSync(path, lines.join('\n'))
  return path
}

const load = (sources: ConfigSources = {}) => loadConfig({ env: {}, ...sources })

function problemsOf(sources: ConfigSources): readonly string[] {
  try {
    load(sources)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('without any settings', () => {
  test('a node has a default for everything it needs', () => {
    const config = load()
    expect(config).toMatchObject({
      databaseUrl: undefined,
      dataDir: './.carillon',
      host: '127.0.0.1',
      port: 7070,
      pools: { engine: 4, api: 6, lease: 2, aside: 2, reads: 3, console: 3, survey: 2, live: 2 },
      leaseMs: 30_000,
      batch: { fire: 1_000, start: 500, claim: 500, complete: 500 },
      limits: { bodyBytes: 5 * 2 ** 20, paramsBytes: 64 * 1024 },
      retention: { historyDays: 90, logDays: 30, ledgerDays: 90, auditDays: 365, idempotencyMs: 86_400_000 },
    })
  })

  test('every default is a value that its own setting accepts', () => {
    const defaults = namedSettings.filter(({ setting }) => setting.default !== undefined)
    const written = Object.fromEntries(defaults.map(({ key, setting }) => [key, setting.show(setting.default)]))
    expect(load({ overrides: written })).toEqual(load())
  })

  test('the settings cannot be changed afterwards', () => {
    const config = load() as { port: number; pools: { engine: number } }
    expect(() => (config.port = 1)).toThrow(TypeError)
    expect(() => (config.pools.engine = 1)).toThrow(TypeError)
  })
})

describe('a setting', () => {
  test('in the file gives way to the environment, and that to an override', () => {
    const path = file('port: 1', 'host: a', 'logLevel: warn')
    const config = load({ file: path, env: { CARILLON_PORT: '2', CARILLON_HOST: 'b' }, overrides: { port: 3 } })
    expect([config.port, config.host, config.logLevel]).toEqual([3, 'b', 'warn'])
  })

  test('in a group is nested in the file, and joined by _ in the environment', () => {
    const config = load({
      file: file('pools:', '  engine: 8', 'loops: { fire: { restMs: 50ms } }'),
      env: { CARILLON_POOLS_API: '9' },
    })
    expect([config.pools.engine, config.pools.api, config.loops.fire.restMs]).toEqual([8, 9, 50])
  })

  test.each([
    ['leaseMs', '30s', 30_000],
    ['leaseMs', '1.5m', 90_000],
    ['leaseMs', '20000', 20_000],
    ['leaseMs', 20_000, 20_000],
    ['retention.idempotencyMs', '2d', 172_800_000],
    ['limits.paramsBytes', '64kb', 65_536],
    ['limits.paramsBytes', '1 KB', 1_024],
    ['limits.bodyBytes', '5MB', 5_242_880],
    ['retention.logDays', '7d', 7],
    ['retention.logDays', 7, 7],
    ['builtinExecutor', 'false', false],
    ['egressAllowPrivate', 'true', true],
    ['egressAllowPrivate', 'tenants', 'tenants'],
    ['nodeId', 7, '7'],
  ])('%s written %j is %j', (key, written, value) => {
    const config = load({ overrides: { [key]: written } })
    expect(key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], config)).toBe(value)
  })

  test.each([
    ['leaseMs', 'soon', 'leaseMs must be duration, 1s to 1h, not "soon"'],
    ['leaseMs', '5kb', 'leaseMs must be duration, 1s to 1h, not "5kb"'],
    ['leaseMs', '2h', 'leaseMs must be duration, 1s to 1h, not "2h"'],
    ['leaseMs', '0.3ms', 'leaseMs must be duration, 1s to 1h, not "0.3ms"'],
    ['limits.paramsBytes', '64 constructor', 'limits.paramsBytes must be size, 1kb to 1mb, not "64 constructor"'],
    ['port', '70000', 'port must be integer, 0 to 65535, not "70000"'],
    ['port', '70x', 'port must be integer, 0 to 65535, not "70x"'],
    ['builtinExecutor', 'yes', 'builtinExecutor must be `true` or `false`, not "yes"'],
    ['logLevel', 'loud', 'logLevel must be `trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`, not "loud"'],
    ['host', ['a'], 'host must be address, not ["a"]'],
  ])('%s refuses %j', (key, written, problem) => {
    expect(problemsOf({ overrides: { [key]: written } })).toEqual([`override: ${problem}`])
  })

  test('that is empty in the environment counts as not set', () => {
    expect(load({ env: { CARILLON_PORT: '' } }).port).toBe(7070)
  })

  test('that is secret is not repeated in an error', () => {
    expect(problemsOf({ overrides: { databaseUrl: ['postgresql://u:canary@h/d'] } }).join()).not.toContain('canary')
  })
})

describe('what is wrong', () => {
  test('is reported all at once, each with its place', () => {
    const path = file('prot: 80', 'pools:', '  engine: none', 'leaseMs:')
    expect(problemsOf({ file: path, env: { CARILLON_BATCH_FIRE: '0' }, overrides: { pools: 1 } })).toEqual([
      `${path} line 1: there is no setting "prot"; did you mean "port"?`,
      `${path} line 3: pools.engine must be integer, 1 to 200, not "none"`,
      `${path} line 4: leaseMs has no value; leave it out to get the default`,
      'CARILLON_BATCH_FIRE: batch.fire must be integer, 1 to 10000, not "0"',
      'override: there is no setting "pools"',
    ])
  })

  test.each([
    ['pools.engin', 'pools.engine'],
    ['pool.engine', 'pools.engine'],
    ['LeaseMS', 'leaseMs'],
    ['engine', 'pools.engine'],
  ])('a key like %s is answered by its near one, %s', (written, meant) => {
    expect(problemsOf({ overrides: { [written]: 1 } })).toEqual([
      `override: there is no setting "${written}"; did you mean "${meant}"?`,
    ])
  })

  test('a key that is like nothing is refused without advice', () => {
    expect(problemsOf({ overrides: { colour: 1 } })).toEqual(['override: there is no setting "colour"'])
  })

  test('a variable that is one slip away from a setting is refused', () => {
    expect(problemsOf({ env: { CARILLON_PROT: '80' } })).toEqual([
      'CARILLON_PROT: there is no setting "CARILLON_PROT"; did you mean "CARILLON_PORT"?',
    ])
  })

  test('variables of the command line, of tests and of Kubernetes services are none of ours', () => {
    const env = {
      CARILLON_PORT: 'tcp://10.0.0.1:7070',
      CARILLON_PORT_7070_TCP_ADDR: '10.0.0.1',
      CARILLON_SERVICE_HOST: '10.0.0.1',
      CARILLON_TEST_DATABASE_URL: 'x',
      CARILLON_TOKEN: 'x',
      PATH: '/bin',
    }
    expect(load({ env })).toEqual(load())
  })

  test.each([
    ['leaseMs', '10s', /leaseMs must be at least three times executorHeartbeatMs/],
    ['publicUrl', 'carillon.example.org', /publicUrl must begin with http/],
    ['publicUrl', 'https://me@example.org/', /publicUrl must begin with http/],
    ['publicUrl', 'https://example.org/?a', /publicUrl must begin with http/],
  ])('%s = %s contradicts another setting', (key, written, message) => {
    expect(problemsOf({ overrides: { [key]: written } }).join()).toMatch(message)
  })

  test('a list or a map in the place of a value is shown as it was read', () => {
    const path = file('host: [a, b]', 'port: { number: 1 }')
    expect(problemsOf({ file: path })).toEqual([
      `${path} line 1: host must be address, not ["a","b"]`,
      `${path} line 2: port must be integer, 0 to 65535, not {"number":1}`,
    ])
  })

  test('a file that is named but missing, is no YAML, or is no map stops the start', () => {
    expect(problemsOf({ file: join(folder, 'nowhere.yaml') })).toEqual([`${join(folder, 'nowhere.yaml')}: there is no such file`])
    expect(problemsOf({ env: { CARILLON_CONFIG: join(folder, 'nowhere.yaml') } })).toHaveLength(1)
    expect(problemsOf({ file: file('port: 1', 'port: 2') }).join()).toMatch(/Map keys must be unique at line 2/)
    expect(problemsOf({ file: file('- port') }).join()).toMatch(/should hold settings/)
  })

  test('an empty file is no mistake', () => {
    expect(load({ file: file('# nothing yet') })).toEqual(load())
  })
})

describe('the id of a node', () => {
  test('is made once and kept in the data folder', () => {
    const config = { nodeId: undefined, dataDir: join(folder, 'data') }
    const id = nodeIdOf(config)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(nodeIdOf(config)).toBe(id)
    expect(statSync(join(folder, 'data', 'node-id')).isFile()).toBe(true)
  })

  test('is the one that is set', () => {
    expect(nodeIdOf({ nodeId: 'a', dataDir: folder })).toBe('a')
  })
})

test.each([
  ['auto', '127.0.0.1', 'EVERYONE'],
  ['auto', '::1', 'EVERYONE'],
  ['auto', 'localhost', 'EVERYONE'],
  ['auto', '0.0.0.0', 'TARGETS'],
  ['auto', '10.0.0.1', 'TARGETS'],
  [true, '0.0.0.0', 'EVERYONE'],
  ['tenants', '127.0.0.1', 'TARGETS'],
  [false, '127.0.0.1', 'NOBODY'],
] as const)('egressAllowPrivate = %s on %s lets work reach private addresses: %s', (egressAllowPrivate, host, who) => {
  expect(privateEgressOf({ egressAllowPrivate, host, publicUrl: undefined })).toBe(who)
})

test.each([
  ['http://localhost:7070', 'EVERYONE'],
  ['http://[::1]:7070/', 'EVERYONE'],
  ['https://carillon.example.org', 'TARGETS'],
  ['http://127.example.org', 'TARGETS'],
])('a server on loopback whose publicUrl is %s lets work reach private addresses: %s', (publicUrl, who) => {
  expect(privateEgressOf({ egressAllowPrivate: 'auto', host: '127.0.0.1', publicUrl })).toBe(who)
})

test('docs/guides/configuration.md shows the settings as they are', async () => {
  const path = fileURLToPath(new URL('../../../docs/guides/configuration.md', import.meta.url))
  const begin = '<!-- settings -->'
  const end = '<!-- /settings -->'
  const [before, rest] = readFileSync(path, 'utf8').split(begin)
  const upToDate = `${before}${begin}\n\n${settingsTable()}\n\n${end}${rest!.split(end)[1]}`
  await expect(upToDate).toMatchFileSnapshot(path)
})

test.each([
  ['https://example.org/carillon/', '0.0.0.0', 'https://example.org/carillon'],
  [undefined, '127.0.0.1', 'http://own:1'],
  [undefined, '0.0.0.0', null],
])('publicUrl = %s on %s gives callbacks the base %s', (publicUrl, host, base) => {
  expect(publicUrlOf({ publicUrl, host }, 'http://own:1')).toBe(base)
})
