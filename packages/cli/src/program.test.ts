import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { EXAMPLES } from './command.ts'
import { createProgram } from './program.ts'
import { recorder, run } from './testing/run.ts'
import { ROOT } from './testing/started.ts'
import { VERSION } from './version.ts'

const offline = (...args: string[]) => run(args, {})

test('--version prints the version of the package, and succeeds', async () => {
  expect(await offline('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' })
})

test('an option of the commands that stands before the command is told where it belongs', async () => {
  for (const given of ['--server', '--server=http://x', '--token', '--json']) {
    const { code, err } = await offline(given, 'http://127.0.0.1:1', 'get', 'runs')
    expect([code, err]).toEqual([2, expect.stringContaining(`${given.split('=')[0]} belongs behind the command`)])
  }
  expect((await offline('--sever', 'x', 'get', 'runs')).err).toContain("unknown option '--sever'")
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
    'apply',
    'diff',
    'delete',
    'export',
    'dag-templates',
    'versions',
    'activate',
    'rollback',
    'gray',
    'dry-run',
    'trigger',
    'runs',
    'logs',
    'cancel',
    'enable',
    'disable',
    'retry',
    'approve',
    'event',
    'backfill',
    'purge',
    'preview',
    'scheduler',
  ])
    expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
  expect(out).toContain('4 the server refused')
})

test.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['get'], '<kind> is missing: one of task-types, tasks'],
  [['logs'], '<run> is missing'],
  [['rollback', 'a', 'b'], 'too many arguments'],
  [['get', 'taks'], 'There are task-types, tasks, schedules'],
  [['get', 'tasks', '--jsn'], "unknown option '--jsn'"],
  [['get', 'tasks', '--limit', '0'], 'a whole number from 1'],
  [['logs', 'latest'], "'latest' is no <run>. The identifier of a run is a number"],
  [['runs', '--state', 'BROKEN'], 'There are PENDING, RUNNING'],
  [['token', 'create', 'x'], 'the option --role <role> is missing: one of owner, admin'],
  [['token', 'create', 'x', '--role', 'viewer', '--expires', 'soon'], 'such as 12h or 90d'],
  [['server', '--port', 'x'], 'port must be integer'],
  [['server', '--set', 'prot=1'], 'did you mean "port"?'],
])('%j is a slip on the command line: exit code 2, and what is right', async (args, message) => {
  const { code, out, err } = await offline(...args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(message)
})

test.each([
  [['get'], 'get [options] <kind> [code]', 'get tasks '],
  [['logs', 'latest'], 'logs [options] <run>', 'logs 2855706575241237'],
  [['token', 'create', 'x'], 'token create [options] <name>', 'token create ci --role'],
  [['trigger', 'x', '--jsn'], 'trigger [options] <task...>', 'trigger weather-report-seattle'],
  [['nonsense'], '[options] [command]', '--help'],
])('%j is told with the command, how it is used, and an example', async (args, usage, example) => {
  const { code, err } = await offline(...args)
  expect(code).toBe(2)
  expect(err).toMatch(/^error: carillon/)
  expect(err).toContain(`\n  usage:   npx carillon ${usage}\n  example: npx carillon ${example}`)
})

test('every command has an example, and every example is of a command', () => {
  const leaves = (command: Command, path: string): string[] =>
    command.commands.length === 0 ? [path] : command.commands.flatMap((each) => leaves(each, `${path} ${each.name()}`.trim()))
  const program = createProgram({ env: {}, terminal: recorder().terminal })
  expect(Object.keys(EXAMPLES)).toEqual(leaves(program, ''))
  for (const [path, example] of Object.entries(EXAMPLES)) expect(`${example} `.startsWith(`${path} `)).toBe(true)
})

test('every command line that the guide shows is one', async () => {
  const guide = readFileSync(join(ROOT, 'docs/guides/cli.md'), 'utf8')
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!).join('\n')
  const lines = [...blocks.matchAll(/npx carillon ((?:'[^']*'|[^'#)\n])+)/g)].map(([, line]) => line!.trim())
  expect(lines.length).toBeGreaterThan(15)
  for (const line of lines) {
    const words = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, word]) => quoted ?? word!)
    // Nothing listens there: who gets as far as that has said nothing wrong.
    const { code, err } = await run(words, { CARILLON_SERVER: 'http://127.0.0.1:1', CARILLON_TOKEN: 'none' })
    expect({ line, code }, err).toEqual({ line, code: 5 })
  }
})
