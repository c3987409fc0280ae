import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { AppliedDefinition } from '@carillon/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { run, runJson, sharedEnv } from '../testing/run.ts'
import { environment, MAIN } from '../testing/started.ts'
import { sharedClient } from '../testing/tasks.ts'

// Definitions as code from files to the server and back: apply, diff, get, describe, export and delete.

let folder: string
let name: string
let made = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-definitions-'))
  name = `def-${process.pid}-${++made}`
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text: string): string {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** A DAG over two tasks with its schedule, what is used in another file than what uses it. */
function writeReport({ rows = 0 } = {}): void {
  write(
    'dags/report.yaml',
    `# What follows is what people write.
kind: Dag
code: ${name}
nodes:
  - code: get
    task: ${name}.extract
  - code: send
    task: ${name}.load
edges:
  - from: get
    to: send
    condition: output.rows > ${rows}
---
kind: Schedule
code: ${name}
task: ${name}.extract
timing: { kind: CRON, expression: 0 0 2 * * ?, timezone: UTC }
paused: true
`,
  )
  write('tasks.json', JSON.stringify(['extract', 'load'].map((each) => ({ kind: 'Task', code: `${name}.${each}`, type: name }))))
  write('types/note.yml', `kind: TaskType\ncode: ${name}\nwork: log\nsettings: { message: hello }\n`)
  write('types/.hidden.yaml', 'kind: Nonsense\n')
  write('readme.md', '# not a definition')
}

const apply = (...args: string[]) => run(['apply', '-f', folder, ...args])

test('a folder is applied whole, whatever refers to what, and applying it again changes nothing and says so', async () => {
  writeReport()
  const first = await apply()
  expect(first).toMatchObject({ code: 0, err: '5 created, 0 changed, 0 unchanged.\n' })
  expect(first.out.trimEnd().split('\n').sort()).toEqual(
    [`Dag ${name}`, `Schedule ${name}`, `Task ${name}.extract`, `Task ${name}.load`, `TaskType ${name}`].map(
      (each) => `+ ${each}`,
    ),
  )
  expect(await apply()).toEqual({ code: 0, out: '', err: '0 created, 0 changed, 5 unchanged.\n' })
  const versions = await sharedClient().dagVersions.list({ params: { dag: name }, query: {} })
  expect(versions.items.map(({ number, state }) => [number, state])).toEqual([[1, 'ACTIVE']])
})

test('a diff shows what would change field by field, changes nothing, and can say so by its exit code', async () => {
  writeReport()
  await apply()
  writeReport({ rows: 10 })
  const diff = ['diff', '-f', folder]
  expect(await run(diff)).toEqual({
    code: 0,
    out: `~ Dag ${name}\n    ~ /edges/get → send/condition: "output.rows > 0" → "output.rows > 10"\n`,
    err: 'Not applied: 0 created, 1 changed, 4 unchanged.\n',
  })
  expect((await run([...diff, '--exit-code'])).code).toBe(1)
  expect((await sharedClient().dags.get({ params: { dag: name } })).active).toBe(1)
  await apply()
  expect(await run([...diff, '--exit-code'])).toEqual({ code: 0, out: '', err: 'Nothing would change.\n' })
  expect((await sharedClient().dags.get({ params: { dag: name } })).active).toBe(2)
})

test('programs get every definition with what became of it', async () => {
  writeReport()
  const items = await runJson<AppliedDefinition[]>(['apply', '-f', folder])
  expect(items.map(({ outcome }) => outcome)).toEqual(Array(5).fill('CREATED'))
  expect(await runJson(['diff', '-f', folder])).toMatchObject([
    { kind: 'Dag', code: name, outcome: 'UNCHANGED', changes: [] },
    {},
    {},
    {},
    {},
  ])
})

test('a refusal names the file, the line and the column, and leaves everything as it was', async () => {
  writeReport()
  write('types/note.yml', `kind: TaskType\ncode: ${name}\nwork: log\nsettings: { message: hello }\n`)
  const file = write(
    'dags/report.yaml',
    `kind: Dag\ncode: ${name}\nnodes:\n  - code: get\n    task: ${name}.extract\n  - code: send\n    task: ${name}.gone\n`,
  )
  const { code, out, err } = await apply()
  expect({ code, out }).toEqual({ code: 4, out: '' })
  expect(err).toContain(`The Dag ${name} is not valid. Nothing has been changed.`)
  expect(err).toContain(`${file}:7:5: names the task ${name}.gone, which does not exist in this tenant`)
  expect((await run(['get', 'task', `${name}.extract`])).code).toBe(3)
})

test('what is no definition is refused before anything is sent, with its place', async () => {
  const file = write('a.yaml', `kind: Task\ncode: ${name}\ntype: x\n---\n- kind: Flow\n`)
  expect(await apply()).toMatchObject({
    code: 2,
    err: expect.stringContaining(`${file}:5:3: a definition begins with its kind`) as string,
  })
  write('a.yaml', 'kind: Task\nkind: Task\n')
  expect(await apply()).toMatchObject({ code: 2, err: expect.stringContaining('Map keys must be unique') as string })
  write(
    'a.yaml',
    'a: &a [x]\n'.concat(
      ...['b', 'c', 'd', 'e'].map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcd'[at]}`).join(', ')}]\n`),
    ),
  )
  expect(await apply()).toMatchObject({ code: 2, err: expect.stringContaining('alias') as string })
  rmSync(file)
  expect(await apply()).toMatchObject({ code: 2, err: expect.stringContaining(`There is no definition in ${folder}.`) as string })
  expect((await run(['apply', '-f', join(folder, 'nowhere')])).code).toBe(2)
  expect((await run(['apply'])).err).toContain('the option -f, --file <path> is missing')
})

test('an integer that would be rounded is refused with its place; and DAGs that are parts of each other with the circle', async () => {
  write('big.yaml', `kind: Task\ncode: ${name}\ntype: ${name}\nparams:\n  ids: [1, 9007199254740993]\n`)
  const { code, err } = await apply()
  expect(code).toBe(2)
  expect(err).toMatch(/big\.yaml:5:12: this is 9007199254740993, .* write it as a string: "9007199254740993"/)
  const [one, two] = [`${name}-one`, `${name}-two`]
  write('big.yaml', [[one, two], [two, one]].map(([own, other]) => `kind: Dag\ncode: ${own}\nnodes: [{ code: in, dag: ${other} }]\n`).join('---\n')) // prettier-ignore
  const circle = await apply()
  expect(circle.code).toBe(4)
  expect(circle.err).toMatch(new RegExp(`big\\.yaml:3:21: leads back to this DAG: ${one} → ${two} → ${one}`))
  expect((await run(['get', 'dag', one])).code).toBe(3)
})

test('a definition is read from standard input', () => {
  const input = `kind: Calendar\ncode: ${name}\ntimezone: UTC\nweekdays: [6, 7]\n`
  const env = environment(sharedEnv())
  const said = execFileSync(process.execPath, [MAIN, 'apply', '-f', '-'], {
    input,
    env,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  expect(said).toContain(`+ Calendar ${name}`)
})

test('get -o yaml shows a definition as it was written, ready to be applied', async () => {
  writeReport()
  await apply()
  const { out } = await run(['get', 'dag', name, '-o', 'yaml'])
  expect(parse(out)).toEqual({
    kind: 'Dag',
    code: name,
    nodes: [
      { code: 'get', task: `${name}.extract` },
      { code: 'send', task: `${name}.load` },
    ],
    edges: [{ from: 'get', to: 'send', condition: 'output.rows > 0' }],
  })
  write('dags/report.yaml', out)
  expect((await run(['diff', '-f', join(folder, 'dags'), '--exit-code'])).code).toBe(0)
  expect((await run(['get', 'tasks', '-f', `q=${name}`, '-o', 'yaml'])).out).toBe(
    ['extract', 'load'].map((each) => `kind: Task\ncode: ${name}.${each}\ntype: ${name}\n`).join('---\n'),
  )
})

test('a DAG is described with its versions', async () => {
  writeReport()
  await apply()
  const described = await runJson<object>(['describe', 'dag', name])
  expect(described).toMatchObject({ code: name, active: 1, versions: [{ number: 1, state: 'ACTIVE', nodeCount: 2 }] })
})

test('what is exported to a folder has a file for each definition, and applying it changes nothing', async () => {
  writeReport()
  await apply()
  const to = join(folder, 'exported')
  const { code, err } = await run(['export', '--to', to])
  expect(code).toBe(0)
  expect(err).toMatch(/^\d+ definitions in /)
  expect(readdirSync(join(to, 'dags'))).toContain(`${name}.yaml`)
  expect(parse(readFileSync(join(to, 'schedules', `${name}.yaml`), 'utf8'))).toMatchObject({ kind: 'Schedule', paused: true })
  const again = await run(['apply', '-f', to])
  expect(again).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/^0 created, 0 changed, \d+ unchanged/) as string })
  expect((await run(['export'])).out).toContain(`\n---\nkind: Dag\ncode: ${name}\n`)
})

test('an export tells what it leaves out of DAGs, and which secrets its definitions refer to', async () => {
  const { dags, dagVersions, secrets } = sharedClient()
  writeReport()
  await apply()
  writeReport({ rows: 5 })
  await apply()
  await dags.setGray({ params: { dag: name }, body: { number: 1, percent: 10 } })
  await dags.create({ body: { code: `${name}-new` } })
  await dagVersions.create({ params: { dag: `${name}-new` }, body: {} })
  await secrets.create({ body: { name: `${name}-key`, value: 'canary' } })
  write(
    'types/secret.yaml',
    `kind: TaskType\ncode: ${name}-secret\nwork: log\nsettings: { message: '\${{ secrets.${name}-key }}' }\n`,
  )
  await apply()
  const to = join(folder, 'exported')
  const { err } = await run(['export', '--to', to])
  expect(err).toMatch(new RegExp(`^Left out, DAGs without an active version: .*\\b${name}-new\\b`, 'm'))
  expect(err).toMatch(new RegExp(`^Left out, drafts: .*\\b${name}-new v1\\b`, 'm'))
  expect(err).toMatch(new RegExp(`^Left out, shares of a gray release: .*\\b${name} v1 10%`, 'm'))
  const typeFile = readFileSync(join(to, 'task-types', `${name}-secret.yaml`), 'utf8')
  expect(typeFile).toMatch(new RegExp(`^# Refers to the secrets: ${name}-key\nkind: TaskType\n`))
  expect((await run(['export'])).out).toMatch(new RegExp(`^# Refers to the secrets: .*${name}-key`))
  expect((await run(['diff', '-f', join(to, 'task-types'), '--exit-code'])).code).toBe(0)
  await dags.endGray({ params: { dag: name } })
})

test('what files name is deleted, what uses others first; what is gone already is no failure', async () => {
  writeReport()
  await apply()
  const { code, err } = await run(['delete', '-f', folder])
  expect({ code, lines: err.trimEnd().split('\n') }).toEqual({
    code: 0,
    lines: [`Schedule ${name}`, `Dag ${name}`, `Task ${name}.load`, `Task ${name}.extract`, `TaskType ${name}`].map(
      (each) => `${each} deleted.`,
    ),
  })
  expect((await run(['delete', '-f', folder])).err).toContain(`Dag ${name} was not there.`)
})

test('one definition is deleted by its code; what others use, or what is not there, is refused', async () => {
  writeReport()
  await apply()
  const used = await run(['delete', 'task', `${name}.load`])
  expect(used).toMatchObject({ code: 4, err: expect.stringContaining(`used by the DAGs ${name}`) as string })
  expect(await run(['delete', 'dags', name])).toEqual({ code: 0, out: '', err: `Dag ${name} deleted.\n` })
  expect((await run(['delete', 'dag', name])).code).toBe(3)
  expect(await runJson(['delete', 'schedule', name])).toEqual([{ kind: 'Schedule', code: name, deleted: true }])
  for (const args of [[], ['dag'], ['run', '1'], ['dag', name, '-f', folder]])
    expect(await run(['delete', ...args])).toMatchObject({ code: 2, err: expect.stringContaining('Delete what?') as string })
})
