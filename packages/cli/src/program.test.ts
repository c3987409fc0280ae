import { expect, test } from 'vitest'
import { run } from './testing/run.ts'
import { VERSION } from './version.ts'

const offline = (...args: string[]) => run(args, {})

test('--version prints the version of the package, and succeeds', async () => {
  expect(await offline('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' })
})

test('--help lists every command with the exit codes, and succeeds', async () => {
  const { code, out } = await offline('--help')
  expect(code).toBe(0)
  for (const name of [
    'dev',
    'server',
    'migrate',
    'dump',
    'load',
    'login',
    'token',
    'get',
    'describe',
    'trigger',
    'runs',
    'logs',
    'cancel',
    'preview',
    'scheduler',
  ])
    expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
  expect(out).toContain('4 the server refused')
})

test.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['get'], "missing required argument 'kind'"],
  [['get', 'taks'], 'There are task-types, tasks, schedules'],
  [['get', 'tasks', '--jsn'], "unknown option '--jsn'"],
  [['get', 'tasks', '--limit', '0'], 'a whole number from 1'],
  [['logs', 'latest'], 'The identifier of a run is a number'],
  [['runs', '--state', 'BROKEN'], 'There are PENDING, RUNNING'],
  [['token', 'create', 'x'], "required option '--role"],
  [['token', 'create', 'x', '--role', 'viewer', '--expires', 'soon'], 'such as 12h or 90d'],
  [['server', '--port', 'x'], 'port must be integer'],
  [['server', '--set', 'prot=1'], 'did you mean "port"?'],
])('%j is a slip on the command line: exit code 2, and what is right', async (args, message) => {
  const { code, out, err } = await offline(...args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(message)
})
