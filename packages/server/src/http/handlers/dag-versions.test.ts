import type { DagVersionCreate, TaskCreate } from '@carillon/contract'
import type { Plan } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { taskTypes } = api.tenantA.client
  const paramsSchema = { type: 'object', properties: { count: { type: 'integer' } } }
  await taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' }, paramsSchema } })
  for (const code of ['extract', 'load']) await makeTask({ code, params: { count: 1 } })
})
afterAll(() => api.close())

const makeTask = (body: Omit<TaskCreate, 'type'>) => api.tenantA.client.tasks.create({ body: { type: 'note', ...body } })

let made = 0
async function makeDag(body?: DagVersionCreate): Promise<string> {
  const code = `dag-${++made}`
  await api.tenantA.client.dags.create({ body: { code } })
  if (body) await draft(code, body)
  return code
}
const versions = () => api.tenantA.client.dagVersions
const draft = (dag: string, body: DagVersionCreate) => versions().create({ params: { dag }, body })
const activate = (dag: string, number: number) => versions().activate({ params: { dag, number }, body: {} })

const CHAIN = {
  nodes: [
    { code: 'second', task: 'load', params: { to: 'there' }, timeoutMs: 5, retry: { maxRetries: 9 }, priority: 8 },
    { code: 'first', task: 'extract' },
  ],
  edges: [{ from: 'first', to: 'second', condition: 'output.rows > 0' }],
}

async function planOf(dag: string, number: number): Promise<Plan> {
  const { rows } = await api.root.query(
    `select p.body from dag d join dag_version v on v.dag_id = d.id join plan p on p.id = v.plan_id where d.code = $1 and v.number = $2`,
    [dag, number],
  )
  return rows[0].body
}

test('an activated version has a plan: nodes in topological order, each its task with the overrides of the node', async () => {
  const dag = await makeDag({ definition: { ...CHAIN, params: { day: 'today' }, output: '${{ nodes.second.output }}' } })
  expect(await activate(dag, 1)).toMatchObject({ number: 1, state: 'ACTIVE', nodeCount: 2 })
  const plan = await planOf(dag, 1)
  expect(plan).toMatchObject({
    targetKind: 'DAG',
    code: dag,
    version: 1,
    edges: [{ from: 0, to: 1, condition: 'output.rows > 0' }],
    dag: { params: { day: 'today' }, paramsSchema: null, output: '${{ nodes.second.output }}', timeoutMs: 0 },
  })
  const task = await api.tenantA.client.tasks.get({ params: { task: 'load' } })
  expect(plan.nodes.map((node) => node.code)).toEqual(['first', 'second'])
  expect(plan.nodes[0]).toMatchObject({ kind: 'log', timeoutMs: 300_000, control: { parents: 0, edges: [0], priority: null } })
  expect(plan.nodes[1]).toMatchObject({
    params: { count: 1, to: 'there' },
    timeoutMs: 5,
    retry: { maxRetries: 9, backoff: 'EXPONENTIAL' },
    control: {
      does: { kind: 'TASK', taskId: task.id },
      triggerRule: 'ALL_SUCCESS',
      mayFail: false,
      priority: 8,
      parents: 1,
      edges: [],
    },
  })
  expect(plan.nodes.every((node) => node.queueId > 0)).toBe(true)
  expect(await api.tenantA.client.dags.get({ params: { dag } })).toMatchObject({ active: 1, gray: null, version: 2 })
})

test('nodes that no executor runs are of no queue', async () => {
  const inner = await makeDag({ definition: { nodes: [{ code: 'only', task: 'load' }], edges: [] } })
  await activate(inner, 1)
  const nodes = [
    { code: 'ask', approval: { prompt: 'Go on?' } },
    { code: 'rest', wait: { ms: 1000 } },
    { code: 'inside', dag: inner, params: { a: 1 } },
  ]
  const dag = await makeDag({ definition: { nodes, edges: [] } })
  await activate(dag, 1)
  const plan = await planOf(dag, 1)
  expect(plan.nodes.map(({ kind, handler, queueId }) => [kind, handler, queueId])).toEqual([
    ['approval', '', 0],
    ['wait', '', 0],
    ['dag', '', 0],
  ])
  expect(plan.nodes[2]).toMatchObject({ params: { a: 1 }, control: { does: { kind: 'DAG', dagVersion: null } } })
})

test('activating another version archives the one before, and rolling back is activating that again', async () => {
  const dag = await makeDag({ definition: CHAIN })
  await activate(dag, 1)
  await draft(dag, { copyOf: 1, note: 'the same' })
  await activate(dag, 2)
  const states = async () =>
    (await versions().list({ params: { dag }, query: {} })).items.map(({ number, state }) => [number, state])
  expect(await states()).toEqual([
    [2, 'ACTIVE'],
    [1, 'ARCHIVED'],
  ])
  await activate(dag, 1)
  expect(await states()).toEqual([
    [2, 'ARCHIVED'],
    [1, 'ACTIVE'],
  ])
  expect((await refusal(activate(dag, 1))).code).toBe('STATE_CONFLICT')
})

test('a version that has been active does not change: the API says so, and the database insists', async () => {
  const dag = await makeDag({ definition: CHAIN })
  await activate(dag, 1)
  const params = { dag, number: 1 }
  const refused = await refusal(versions().update({ params, body: { revision: 1, definition: { nodes: [], edges: [] } } }))
  expect(refused.code).toBe('STATE_CONFLICT')
  expect(refused.message).toContain('Copy it to a new draft')
  expect((await refusal(versions().remove({ params }))).code).toBe('STATE_CONFLICT')
  const byHand = api.root.query(
    `update dag_version v set definition = '{}' from dag d where d.id = v.dag_id and d.code = '${dag}'`,
  )
  await expect(byHand).rejects.toThrow('does not change')
  const deleted = api.root.query(`delete from dag_version v using dag d where d.id = v.dag_id and d.code = '${dag}'`)
  await expect(deleted).rejects.toThrow('is kept')
})

test('a stale write of a draft is refused and names both revisions', async () => {
  const dag = await makeDag({ definition: CHAIN })
  const params = { dag, number: 1 }
  expect(await versions().update({ params, body: { revision: 1, note: 'first' } })).toMatchObject({ revision: 2, note: 'first' })
  const stale = await refusal(versions().update({ params, body: { revision: 1, note: 'second' } }))
  expect(stale.code).toBe('VERSION_CONFLICT')
  expect(stale.extra).toMatchObject({ yourVersion: 1, currentVersion: 2 })
})

test('a draft may be kept with its problems, is told them, and cannot be activated before they are gone', async () => {
  const definition = { nodes: [{ code: 'lost', task: 'no-such-task' }], edges: [] }
  const dag = await makeDag()
  const refused = await refusal(draft(dag, { definition }))
  expect(refused.problems).toEqual([
    {
      path: '/body/definition/nodes/0/task',
      message: 'names the task no-such-task, which does not exist in this tenant',
      node: 'lost',
    },
  ])
  expect((await versions().list({ params: { dag }, query: {} })).items).toEqual([])
  await draft(dag, { definition, incomplete: true })
  const { valid, problems } = await versions().validate({ params: { dag, number: 1 } })
  expect([valid, problems]).toEqual([false, [expect.objectContaining({ node: 'lost', path: '/nodes/0/task' })]])
  expect((await refusal(activate(dag, 1))).code).toBe('VALIDATION_FAILED')
  expect(await versions().get({ params: { dag, number: 1 } })).toMatchObject({ state: 'DRAFT', activatedAt: null })
})

test('two versions are compared as data and as text', async () => {
  const dag = await makeDag({ definition: CHAIN })
  const [second, first] = CHAIN.nodes
  await draft(dag, {
    definition: {
      nodes: [
        { code: 'last', wait: { ms: 5 } },
        { ...first!, position: { x: 1, y: 2 } },
        { ...second!, timeoutMs: 6 },
      ],
      edges: [{ from: 'first', to: 'second' }],
    },
  })
  const diff = await versions().diff({ params: { dag, number: 2 }, query: { from: 1 } })
  expect(diff).toEqual({
    from: 1,
    to: 2,
    same: false,
    text: [
      '+ node last {"wait":{"ms":5}}',
      '~ node second',
      '    ~ /timeoutMs: 5 → 6',
      '~ edge first → second',
      '    - /condition: "output.rows > 0"',
      '  moved in the editor: first',
    ].join('\n'),
    nodes: {
      added: [{ code: 'last', wait: { ms: 5 } }],
      removed: [],
      changed: [{ code: 'second', fields: [{ path: '/timeoutMs', before: 5, after: 6 }] }],
      moved: ['first'],
    },
    edges: {
      added: [],
      removed: [],
      changed: [{ from: 'first', to: 'second', fields: [{ path: '/condition', before: 'output.rows > 0' }] }],
    },
    fields: [],
  })
  expect((await refusal(versions().diff({ params: { dag, number: 2 }, query: { from: 9 } }))).code).toBe('NOT_FOUND')
})

test('versions that mean the same have the same hash, however they are written', async () => {
  const dag = await makeDag({ definition: CHAIN })
  const nodes = CHAIN.nodes.map((node) => ({ mayFail: false, triggerRule: 'ALL_SUCCESS' as const, ...node })).reverse()
  await draft(dag, { definition: { ...CHAIN, nodes } })
  await draft(dag, { definition: { ...CHAIN, nodes: nodes.map((node) => ({ ...node, mayFail: true })) } })
  const { items } = await versions().list({ params: { dag }, query: {} })
  const [third, second, first] = items.map(({ contentHash }) => contentHash)
  expect(second).toBe(first)
  expect(third).not.toBe(first)
  expect(await versions().diff({ params: { dag, number: 2 }, query: { from: 1 } })).toMatchObject({
    same: true,
    text: 'No changes.',
  })
})

test('a dry run tells what would run with which parameters and what would be skipped, and starts nothing', async () => {
  const nodes = [
    { code: 'first', task: 'extract' },
    { code: 'second', task: 'load', params: { rows: '${{ nodes.first.output.rows }}', day: '${{ params.day }}' } },
    { code: 'rest', wait: { ms: 60_000 } },
  ]
  const edges = [
    { from: 'first', to: 'second', condition: 'output.rows > 0' },
    { from: 'second', to: 'rest' },
  ]
  const dag = await makeDag({ definition: { nodes, edges, params: { day: 'today' }, output: '${{ nodes.second.state }}' } })
  const params = { dag, number: 1 }
  const fireAt = 1_700_000_000_000
  const outcomes = { first: { output: { rows: 3 }, durationMs: 1000 } }
  const ran = await versions().dryRun({ params, body: { fireAt, params: { day: 'Monday' }, outcomes } })
  expect(ran).toMatchObject({ state: 'SUCCESS', output: 'SUCCESS', endedAt: fireAt + 61_000 })
  expect(ran.nodes.map(({ code, state, params: given, startedAt }) => [code, state, given, startedAt])).toEqual([
    ['first', 'SUCCESS', { count: 1 }, fireAt],
    ['second', 'SUCCESS', { count: 1, rows: 3, day: 'Monday' }, fireAt + 1000],
    ['rest', 'SUCCESS', {}, fireAt + 1000],
  ])
  const skipped = await versions().dryRun({ params, body: { outcomes: { first: { output: { rows: 0 } } } } })
  expect(skipped.nodes.slice(1).map(({ state, skippedBecause }) => [state, skippedBecause])).toEqual([
    ['SKIPPED', 'CONDITION'],
    ['SKIPPED', 'CONDITION'],
  ])
  const missing = await versions().dryRun({ params, body: { outcomes: { first: { output: {} } } } })
  expect(missing.nodes[1]).toMatchObject({ code: 'second', state: 'FAILED', error: { code: 'CONDITION' } })
  const { rows } = await api.root.query(`select count(*)::int as n from run_live`)
  expect(rows[0].n).toBe(0)
})

test('a dry run says which computed parameters the task of a node would refuse', async () => {
  await api.tenantA.client.secrets.create({ body: { name: 'dry', value: 'secret' } })
  const nodes = [
    { code: 'first', task: 'extract' },
    { code: 'second', task: 'load', params: { count: '${{ nodes.first.output.rows }}' } },
    { code: 'each', task: 'load', params: { count: '${{ item }}' }, forEach: { items: 'params.list' } },
    { code: 'secret', task: 'load', params: { count: '${{ secrets.dry }}' } },
  ]
  const edges = [{ from: 'first', to: 'second' }]
  const dag = await makeDag({ definition: { nodes, edges, params: { list: [1, 'two', 3] } } })
  const dry = async (rows: unknown) => {
    const ran = await versions().dryRun({ params: { dag, number: 1 }, body: { outcomes: { first: { output: { rows } } } } })
    return Object.fromEntries(ran.nodes.map(({ code, problems }) => [code, problems.map(({ path }) => path)]))
  }
  expect(await dry('many')).toEqual({ first: [], second: ['/count'], each: ['/1/count'], secret: [] })
  expect(await dry(3)).toMatchObject({ second: [] })
})

test('a dry run is refused for outcomes of nodes that there are not, parameters that do not fit, and more than anyone reads', async () => {
  const paramsSchema = { properties: { day: { type: 'string' } }, required: ['day'] }
  const forEach = { items: 'params.list' }
  const nodes = ['a', 'b', 'c'].map((code) => ({ code, task: 'load', forEach }))
  const dag = await makeDag({ definition: { nodes, edges: [], paramsSchema } })
  const dry = (body: object) => versions().dryRun({ params: { dag, number: 1 }, body })
  const refused = await refusal(dry({ params: { day: 1 }, outcomes: { gone: {} } }))
  expect(refused.problems).toMatchObject([{ path: '/body/outcomes/gone' }, { path: '/body/params/day' }])
  expect((await refusal(dry({}))).message).toContain('day')
  const list = Array.from({ length: 10_000 }, (_, index) => index)
  expect((await refusal(dry({ params: { day: 'x', list } }))).code).toBe('TOO_LARGE')
  const wrong = await dry({ params: { day: 'x', list: 'no list' } })
  expect(wrong).toMatchObject({
    state: 'FAILED',
    nodes: [{ code: 'a', error: { code: 'EXPRESSION_FAILED', message: expect.stringContaining('gives no list') } }, {}, {}],
  })
})

test('two people who publish two drafts of one version: the second is told, and activates over what it has seen', async () => {
  const { dags, dagVersions } = api.tenantA.client
  const dag = 'published-twice'
  const definition = (ms: number) => ({ nodes: [{ code: 'pause', wait: { ms } }], edges: [] })
  await dags.create({ body: { code: dag } })
  await dagVersions.create({ params: { dag }, body: { definition: definition(1) } })
  await dagVersions.activate({ params: { dag, number: 1 }, body: { over: null } })
  const [mine, theirs] = [
    await dagVersions.create({ params: { dag }, body: { definition: definition(2) } }),
    await dagVersions.create({ params: { dag }, body: { copyOf: 1 } }),
  ]
  expect([mine.base, theirs.base]).toEqual([1, 1])
  await dagVersions.activate({ params: { dag, number: theirs.number }, body: { over: 1 } })
  const late = await refusal(dagVersions.activate({ params: { dag, number: mine.number }, body: { over: 1 } }))
  expect(late).toMatchObject({ code: 'VERSION_CONFLICT', extra: { yourVersion: 1, currentVersion: theirs.number } })
  expect((await dagVersions.get({ params: { dag, number: mine.number } })).state).toBe('DRAFT')
  await dagVersions.activate({ params: { dag, number: mine.number }, body: { over: theirs.number } })
})
