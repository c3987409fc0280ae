import type { DefinitionDocument } from '@carillon/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeEach(async () => {
  api = await startTestApi()
})
afterEach(() => api.close())

/** Everything that there is a kind of, in an order in which nothing can be made one after the other. */
const EVERYTHING: DefinitionDocument[] = [
  {
    kind: 'Schedule',
    code: 'nightly',
    task: 'extract',
    timing: { kind: 'CRON', expression: '0 0 2 * * ?', timezone: 'UTC' },
    calendars: [{ calendar: 'holidays', mode: 'EXCLUDE' }],
  },
  { kind: 'Schedule', code: 'often', task: 'extract', timing: { kind: 'FIXED_RATE', everyMs: 60_000 }, paused: true },
  { kind: 'Dag', code: 'outer', nodes: [{ code: 'inside', dag: 'report' }] },
  {
    kind: 'Dag',
    code: 'report',
    nodes: [
      { code: 'get', task: 'extract' },
      { code: 'send', task: 'load', params: { rows: '${{ nodes.get.output.rows }}' } },
    ],
    edges: [{ from: 'get', to: 'send', condition: 'output.rows > 0' }],
    params: { day: 'today' },
    policies: { priority: 7 },
  },
  { kind: 'Calendar', code: 'holidays', timezone: 'UTC', days: ['2026-12-24'] },
  { kind: 'Task', code: 'extract', type: 'note', downstream: [{ task: 'load' }], policies: { retry: { maxRetries: 1 } } },
  { kind: 'Task', code: 'load', type: 'note', params: { to: 'there' }, labels: { team: 'data' } },
  { kind: 'TaskType', code: 'note', work: 'log', settings: { message: 'hello' } },
  { kind: 'App', code: 'etl' },
  { kind: 'TaskType', code: 'etl.copy', work: 'handler', app: 'etl', settings: { handler: 'copy' }, defaults: { timeoutMs: 5 } },
]

const definitions = () => api.tenantA.client.definitions
const apply = (documents: DefinitionDocument[]) => definitions().apply({ body: { documents } })
const outcomes = async (documents: DefinitionDocument[]) => (await apply(documents)).items.map(({ outcome }) => outcome)

/** How often each table of configuration has been written to, whatever was written. */
async function writes(): Promise<unknown> {
  const { rows } = await api.root.query(
    `select (select count(*) from revision) as revisions, (select count(*) from plan) as plans, (select count(*) from dag_version) as versions`,
  )
  return rows[0]
}

async function exported(): Promise<DefinitionDocument[]> {
  const kinds = ['App', 'TaskType', 'Task', 'Calendar', 'Dag', 'Schedule'] as const
  const pages = await Promise.all(kinds.map((kind) => definitions().export({ query: { kind } })))
  return pages.flatMap((page) => page.items)
}

test('documents in any order make everything they name, and applying them again changes nothing', async () => {
  expect(new Set(await outcomes(EVERYTHING))).toEqual(new Set(['CREATED']))
  const before = await writes()
  expect(new Set(await outcomes(EVERYTHING))).toEqual(new Set(['UNCHANGED']))
  expect(await writes()).toEqual(before)
  expect((await api.tenantA.client.dags.get({ params: { dag: 'report' } })).active).toBe(1)
})

test('what is exported says what was applied, can be applied again without effect, and makes the same in another tenant', async () => {
  await apply(EVERYTHING)
  const documents = await exported()
  expect(documents).toHaveLength(EVERYTHING.length)
  expect(documents.find(({ code }) => code === 'report')).toEqual(EVERYTHING[3])
  expect(documents.find(({ code }) => code === 'holidays')).toEqual(EVERYTHING[4])
  expect(new Set(await outcomes(documents))).toEqual(new Set(['UNCHANGED']))
  const elsewhere = await api.tenantB.client.definitions.apply({ body: { documents } })
  expect(new Set(elsewhere.items.map(({ outcome }) => outcome))).toEqual(new Set(['CREATED']))
  const again = await api.tenantB.client.definitions.export({ query: { kind: 'Dag' } })
  expect(again.items).toEqual(documents.filter(({ kind }) => kind === 'Dag'))
})

test('a document says all of its object: what it no longer says goes back to its default, but switches stay', async () => {
  await apply(EVERYTHING)
  await api.tenantA.client.tasks.disable({ params: { task: 'load' } })
  const { items } = await apply([{ kind: 'Task', code: 'load', type: 'note', params: { to: 'here' } }])
  expect(items).toEqual([
    {
      kind: 'Task',
      code: 'load',
      outcome: 'CHANGED',
      changes: [
        { path: '/params/to', before: 'there', after: 'here' },
        { path: '/labels/team', before: 'data' },
      ],
    },
  ])
  expect(await api.tenantA.client.tasks.get({ params: { task: 'load' } })).toMatchObject({ labels: {}, enabled: false })
  await apply([{ kind: 'Task', code: 'extract', type: 'note', downstream: [{ task: 'load' }] }])
  expect((await api.tenantA.client.tasks.get({ params: { task: 'extract' } })).policies).toEqual({})
})

test('another definition of a DAG becomes a new version and takes the traffic; its other fields are edited', async () => {
  await apply(EVERYTHING)
  const report = EVERYTHING[3] as DefinitionDocument & { kind: 'Dag' }
  const nodes = report.nodes.map((node) => ({ ...node, timeoutMs: 1000 }))
  const [changed] = (await apply([{ ...report, nodes, note: 'time-outs' }])).items
  expect(changed!.changes).toEqual([
    { path: '/nodes/get/timeoutMs', after: 1000 },
    { path: '/nodes/send/timeoutMs', after: 1000 },
  ])
  const params = { dag: 'report', number: 2 }
  expect(await api.tenantA.client.dagVersions.get({ params })).toMatchObject({ state: 'ACTIVE', note: 'time-outs' })
  await apply([{ ...report, nodes, owner: 'ada' }])
  expect(await api.tenantA.client.dags.get({ params: { dag: 'report' } })).toMatchObject({ active: 2, owner: 'ada' })
})

test('a DAG that is only written otherwise is no other: defaults spelled out, another order', async () => {
  await apply(EVERYTHING)
  const report = EVERYTHING[3] as DefinitionDocument & { kind: 'Dag' }
  const nodes = report.nodes
    .map((node) => ({ triggerRule: 'ALL_SUCCESS' as const, mayFail: false, params: {}, ...node }))
    .reverse()
  expect(await outcomes([{ ...report, nodes, timeoutMs: 0 }])).toEqual(['UNCHANGED'])
})

test('a schedule is paused and resumed by its document, and keeps its task', async () => {
  await apply(EVERYTHING)
  const often = EVERYTHING[1] as DefinitionDocument & { kind: 'Schedule' }
  const [changed] = (await apply([{ ...often, paused: false }])).items
  expect(changed!.changes).toEqual([{ path: '/paused', before: true, after: false }])
  const refused = await refusal(apply([{ ...often, task: 'load' }]))
  expect(refused.problems).toMatchObject([{ path: '/body/documents/0/task' }])
})

test('one document that is refused leaves nothing of the others, and is named with the place in it', async () => {
  const bad: DefinitionDocument = { kind: 'Dag', code: 'bad', nodes: [{ code: 'first', task: 'gone' }] }
  const refused = await refusal(apply([...EVERYTHING, bad]))
  expect(refused).toMatchObject({
    code: 'VALIDATION_FAILED',
    problems: [{ path: '/body/documents/10/nodes/0/task', node: 'first' }],
    extra: { document: { index: 10, kind: 'Dag', code: 'bad' } },
  })
  expect(refused.message).toMatch(/^Dag bad: /)
  expect(await exported()).toEqual([])
})

test('a diff tells what would change and changes nothing', async () => {
  const { items } = await definitions().diff({ body: { documents: EVERYTHING } })
  expect(new Set(items.map(({ outcome }) => outcome))).toEqual(new Set(['CREATED']))
  expect(await exported()).toEqual([])
})

test('a task type and the DAG that has to follow it change together, where one after the other would be refused', async () => {
  const schema = (type: string) => ({ type: 'object', properties: { count: { type } } })
  const batch = (type: string, count: unknown): DefinitionDocument[] => [
    { kind: 'TaskType', code: 'counted', work: 'log', settings: { message: 'x' }, paramsSchema: schema(type) },
    { kind: 'Task', code: 'count', type: 'counted' },
    { kind: 'Dag', code: 'counting', nodes: [{ code: 'it', task: 'count', params: { count } }] },
  ]
  await apply(batch('integer', 3))
  expect((await refusal(apply(batch('string', 3).slice(0, 1)))).message).toContain('its node it must be string')
  expect(await outcomes(batch('string', 'three'))).toEqual(['CHANGED', 'UNCHANGED', 'CHANGED'])
})

test('the same object twice in one request is refused', async () => {
  const twice = await refusal(apply([EVERYTHING[7]!, EVERYTHING[7]!]))
  expect(twice.problems).toMatchObject([{ path: '/body/documents/1/code' }])
})

test('documents of apps need the right to write apps', async () => {
  const developer = api.client(await api.token(api.tenantA.id, 'developer'))
  const app: DefinitionDocument = { kind: 'App', code: 'mine' }
  expect((await refusal(developer.definitions.apply({ body: { documents: [app] } }))).code).toBe('FORBIDDEN')
  expect((await refusal(developer.definitions.diff({ body: { documents: [app] } }))).code).toBe('FORBIDDEN')
  await developer.definitions.apply({ body: { documents: [EVERYTHING[4]!] } })
})

test('a tenant neither sees nor refers to what another one has', async () => {
  await apply(EVERYTHING)
  const { definitions: others } = api.tenantB.client
  expect((await others.export({ query: { kind: 'Task', code: 'load' } })).items).toEqual([])
  const refused = await refusal(others.apply({ body: { documents: [{ kind: 'Task', code: 'mine', type: 'note' }] } }))
  expect(refused.problems).toMatchObject([{ path: '/body/documents/0/type', message: 'names no task type of this tenant' }])
})

const around = (code: string, dag: string): DefinitionDocument => ({ kind: 'Dag', code, nodes: [{ code: 'inside', dag }] })

test('DAGs and tasks that lead back to each other among the documents are refused with the circle, and nothing is made', async () => {
  const before = await writes()
  const dags = await refusal(apply([around('a', 'b'), around('b', 'c'), around('c', 'a')]))
  expect(dags).toMatchObject({ code: 'VALIDATION_FAILED', extra: { document: { index: 0, kind: 'Dag', code: 'a' } } })
  const message = 'leads back to this DAG: a → b → c → a'
  expect(dags.problems).toEqual([{ path: '/body/documents/0/nodes/0/dag', node: 'inside', message }])
  const task = (code: string, next: string): DefinitionDocument => ({
    kind: 'Task',
    code,
    type: 'note',
    downstream: [{ task: next }],
  })
  const tasks = await refusal(apply([{ kind: 'TaskType', code: 'note', work: 'log' }, task('a', 'b'), task('b', 'a')]))
  expect(tasks).toMatchObject({ code: 'DOWNSTREAM_CYCLE', extra: { cycle: ['a', 'b', 'a'], document: { index: 1 } } })
  expect(tasks.problems).toEqual([{ path: '/body/documents/1/downstream', message: 'leads back: a → b → a' }])
  expect(await writes()).toEqual(before)
  const { items } = await api.tenantA.client.dags.list({ query: {} })
  expect(items).toEqual([])
})

test('a circle that closes through what is there already is refused with it too', async () => {
  await apply([...EVERYTHING, around('top', 'outer')])
  const refused = await refusal(apply([{ kind: 'Dag', code: 'report', nodes: [{ code: 'inside', dag: 'top' }] }]))
  expect(refused.problems).toMatchObject([{ message: 'leads back to this DAG: report → top → outer → report' }])
})
