import type { DagDefinitionView, TaskCreate } from '@carillon/contract'
import type { Plan } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

// What an edit somewhere else does to DAGs, which versions take traffic, and how a draft is drawn node by node.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  await api.tenantA.client.taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
})
afterAll(() => api.close())

let made = 0
const fresh = (kind: string) => `${kind}-${++made}`

async function makeTask(body: Partial<TaskCreate> = {}): Promise<string> {
  const code = fresh('task')
  await api.tenantA.client.tasks.create({ body: { code, type: 'note', ...body } })
  return code
}

/** A DAG with this version active. */
async function running(definition: DagDefinitionView): Promise<string> {
  const dag = fresh('dag')
  await api.tenantA.client.dags.create({ body: { code: dag } })
  await addVersion(dag, definition)
  await activate(dag, 1)
  return dag
}
const one = (node: object): DagDefinitionView => ({ nodes: [{ code: 'only', ...node }], edges: [] })
const versions = () => api.tenantA.client.dagVersions
const addVersion = (dag: string, definition: DagDefinitionView) => versions().create({ params: { dag }, body: { definition } })
const activate = (dag: string, number: number) => versions().activate({ params: { dag, number }, body: {} })
const version = (dag: string, number: number) => versions().get({ params: { dag, number } })

async function planOf(dag: string, number: number): Promise<Plan | null> {
  const { rows } = await api.root.query(
    `select (select body from plan p where p.id = v.plan_id) as body from dag d join dag_version v on v.dag_id = d.id
     where d.code = $1 and v.number = $2`,
    [dag, number],
  )
  return rows[0].body
}

/** What happens while a transaction of the test, which first does `doing`, keeps somebody waiting: it goes on to `then`, and ends. */
async function whileItIsWaitedFor<Row>(doing: [string, unknown[]], waits: () => Promise<unknown>, then: string): Promise<Row[]> {
  await api.root.query('begin')
  await api.root.query(...doing)
  const waiting = waits()
  const waiters = 'select from pg_locks where transactionid = pg_current_xact_id()::xid and not granted'
  while ((await api.root.query(waiters)).rowCount === 0);
  const { rows } = await api.root.query(then)
  await api.root.query('commit')
  await waiting
  return rows as Row[]
}

describe('an edit of what a DAG uses', () => {
  test('an edit of a task reaches the plans of active versions at once, and the plan that runs have started with stays', async () => {
    const task = await makeTask({ params: { count: 1 } })
    const dag = await running(one({ task }))
    const before = await planOf(dag, 1)
    await api.tenantA.client.tasks.update({ params: { task }, body: { version: 1, params: { count: 2 } } })
    expect((await planOf(dag, 1))!.nodes[0]!.params).toEqual({ count: 2 })
    const { rows } = await api.root.query(`select count(*)::int as n from plan where body = $1`, [JSON.stringify(before)])
    expect(rows[0].n).toBe(1)
  })

  test('an edit of a task type reaches the DAGs of all its tasks', async () => {
    const type = fresh('type')
    await api.tenantA.client.taskTypes.create({ body: { code: type, kind: 'log', settings: { message: 'hello' } } })
    const [a, b] = [await makeTask({ type }), await makeTask({ type })]
    const dags = [await running(one({ task: a })), await running(one({ task: b }))]
    await api.tenantA.client.taskTypes.update({ params: { type }, body: { version: 1, settings: { message: 'bye' } } })
    for (const dag of dags) expect((await planOf(dag, 1))!.nodes[0]!.settings).toEqual({ message: 'bye' })
  })

  test("an edit of the DAG's own policies reaches its plan", async () => {
    const dag = await running(one({ wait: { ms: 1 } }))
    await api.tenantA.client.dags.update({ params: { dag }, body: { version: 2, policies: { priority: 9 } } })
    expect(await planOf(dag, 1)).toMatchObject({ priority: 9, concurrency: { policy: 'PARALLEL' } })
  })

  test('such an edit holds the tasks before the versions, as an edit of a task does, so that the two cannot wait for each other', async () => {
    const task = await makeTask()
    const dag = await running(one({ task }))
    const free = await whileItIsWaitedFor(
      [`select from task where code = $1 for no key update`, [task]],
      () => api.tenantA.client.dags.update({ params: { dag }, body: { version: 2, policies: { priority: 1 } } }),
      `select v.number from dag d join dag_version v on v.dag_id = d.id where d.code = '${dag}' for no key update of v skip locked`,
    )
    expect(free).toEqual([{ number: 1 }])
    expect(await planOf(dag, 1)).toMatchObject({ priority: 1 })
  })

  test('a version that is activated while a task of it is edited is made of the task as edited', async () => {
    const task = await makeTask({ params: { count: 1 } })
    const dag = fresh('dag')
    await api.tenantA.client.dags.create({ body: { code: dag } })
    await addVersion(dag, one({ task }))
    await whileItIsWaitedFor(
      [
        `with made as (
           insert into plan (tenant_id, target_kind, target_id, body)
           select t.tenant_id, 'TASK', t.id, jsonb_set(p.body, '{nodes,0,params,count}', '2')
           from task t join plan p on p.tenant_id = t.tenant_id and p.id = t.plan_id where t.code = $1 returning *)
         update task t set plan_id = made.id from made where t.tenant_id = made.tenant_id and t.id = made.target_id`,
        [task],
      ],
      () => activate(dag, 1),
      'select',
    )
    expect((await planOf(dag, 1))!.nodes[0]!.params).toEqual({ count: 2 })
  })

  test('an archived version that nobody names loses its plan with such an edit, and rolling back to it makes another', async () => {
    const task = await makeTask({ params: { count: 1 } })
    const dag = await running(one({ task }))
    await addVersion(dag, one({ wait: { ms: 1 } }))
    await activate(dag, 2)
    await api.tenantA.client.tasks.update({ params: { task }, body: { version: 1, params: { count: 2 } } })
    expect(await planOf(dag, 1)).toBe(null)
    await activate(dag, 1)
    expect((await planOf(dag, 1))!.nodes[0]!.params).toEqual({ count: 2 })
  })

  test('a version that a node names by number keeps its plan up to date although it is archived', async () => {
    const task = await makeTask({ params: { count: 1 } })
    const inner = await running(one({ task }))
    await addVersion(inner, one({ wait: { ms: 1 } }))
    await activate(inner, 2)
    await running(one({ dag: inner, dagVersion: 1 }))
    await api.tenantA.client.tasks.update({ params: { task }, body: { version: 1, params: { count: 2 } } })
    expect((await planOf(inner, 1))!.nodes[0]!.params).toEqual({ count: 2 })
  })

  test('naming a version that has lost its plan gives it one again', async () => {
    const task = await makeTask({ params: { count: 1 } })
    const inner = await running(one({ task }))
    await addVersion(inner, one({ wait: { ms: 1 } }))
    await activate(inner, 2)
    await api.tenantA.client.tasks.update({ params: { task }, body: { version: 1, params: { count: 2 } } })
    expect(await planOf(inner, 1)).toBe(null)
    await running(one({ dag: inner, dagVersion: 1 }))
    expect((await planOf(inner, 1))!.nodes[0]!.params).toEqual({ count: 2 })
  })

  test('an edit that would leave a node with parameters that do not fit is refused, with the DAG and the node', async () => {
    const type = fresh('type')
    const paramsSchema = { type: 'object', properties: { count: { type: 'integer' } } }
    await api.tenantA.client.taskTypes.create({ body: { code: type, kind: 'log', settings: { message: 'x' }, paramsSchema } })
    const task = await makeTask({ type })
    const dag = await running(one({ task, params: { count: 3 } }))
    const narrow = { type: 'object', properties: { count: { type: 'string' } } }
    const refused = await refusal(
      api.tenantA.client.taskTypes.update({ params: { type }, body: { version: 1, paramsSchema: narrow } }),
    )
    expect(refused.code).toBe('VALIDATION_FAILED')
    expect(refused.message).toContain(`Version 1 of the DAG ${dag} would no longer be valid: its node only must be string`)
    expect((await api.tenantA.client.taskTypes.get({ params: { type } })).version).toBe(1)
  })

  test('a task that runs of a DAG use can be neither deleted nor given another code', async () => {
    const task = await makeTask()
    const dag = await running(one({ task }))
    const { tasks } = api.tenantA.client
    for (const call of [
      () => tasks.remove({ params: { task } }),
      () => tasks.update({ params: { task }, body: { version: 1, code: 'other' } }),
    ])
      expect(await refusal(call())).toMatchObject({ code: 'IN_USE', extra: { usedBy: [dag] } })
    await versions().archive({ params: { dag, number: 1 } })
    await tasks.remove({ params: { task } })
    expect((await refusal(activate(dag, 1))).problems).toMatchObject([{ node: 'only', path: '/definition/nodes/0/task' }])
  })

  test('a DAG that another uses can be neither deleted, renamed, nor left without an active version', async () => {
    const inner = await running(one({ wait: { ms: 1 } }))
    const outer = await running(one({ dag: inner }))
    const { dags } = api.tenantA.client
    for (const call of [
      () => dags.remove({ params: { dag: inner } }),
      () => dags.update({ params: { dag: inner }, body: { version: 2, code: 'other' } }),
      () => versions().archive({ params: { dag: inner, number: 1 } }),
    ])
      expect(await refusal(call())).toMatchObject({ code: 'IN_USE', extra: { usedBy: [outer] } })
  })

  test('of deleting a DAG and activating what uses it at the same moment, one is refused', async () => {
    for (let round = 0; round < 8; round++) {
      const inner = await running(one({ wait: { ms: 1 } }))
      const outer = fresh('dag')
      await api.tenantA.client.dags.create({ body: { code: outer } })
      await addVersion(outer, one({ dag: inner }))
      const results = await Promise.allSettled([api.tenantA.client.dags.remove({ params: { dag: inner } }), activate(outer, 1)])
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    }
  })

  test('DAGs that would run each other for ever are refused, with the way round', async () => {
    const a = await running(one({ wait: { ms: 1 } }))
    const b = await running(one({ dag: a }))
    await addVersion(a, one({ dag: b }))
    const refused = await refusal(activate(a, 2))
    expect(refused.problems).toMatchObject([
      { node: 'only', path: '/definition/nodes/0/dag', message: `leads back to this DAG: ${a} → ${b} → ${a}` },
    ])
    expect((await version(a, 2)).state).toBe('DRAFT')
  })

  test('nor by way of a version that has lost its plan, which it gets again when it is named', async () => {
    const [task, b] = [await makeTask(), await running(one({ wait: { ms: 1 } }))]
    const a = await running({
      nodes: [
        { code: 'work', task },
        { code: 'use', dag: b },
      ],
      edges: [],
    })
    await addVersion(a, one({ wait: { ms: 1 } }))
    await activate(a, 2)
    await api.tenantA.client.tasks.update({ params: { task }, body: { version: 1, params: { count: 2 } } })
    expect(await planOf(a, 1)).toBe(null)
    await addVersion(b, one({ dag: a, dagVersion: 1 }))
    expect((await refusal(activate(b, 2))).problems).toMatchObject([{ message: `leads back to this DAG: ${b} → ${a} → ${b}` }])
    expect([(await version(b, 2)).state, await planOf(a, 1)]).toEqual(['DRAFT', null])
  })

  test('DAGs stand at most ten deep in each other', async () => {
    let inner = await running(one({ wait: { ms: 1 } }))
    for (let depth = 2; depth <= 10; depth++) inner = await running(one({ dag: inner }))
    const dag = fresh('dag')
    await api.tenantA.client.dags.create({ body: { code: dag } })
    await addVersion(dag, one({ dag: inner }))
    expect((await refusal(activate(dag, 1))).message).toContain('stands 11 DAGs deep; 10 is the most')
  })
})

describe('many DAGs at once', () => {
  const bulk = (dags: string[], action: 'enable' | 'disable' | 'delete' | 'label', more: object = {}) =>
    api.tenantA.client.dags.bulk({ body: { dags, action, ...more } })
  const get = (dag: string) => api.tenantA.client.dags.get({ params: { dag } })

  test('are disabled, enabled and labelled, each answered by itself', async () => {
    const [a, b] = [await running(one({ wait: { ms: 1 } })), await running(one({ wait: { ms: 1 } }))]
    expect(await bulk([a, 'no-such-dag', b], 'disable')).toMatchObject({ succeeded: 2, failed: 1 })
    expect([(await get(a)).enabled, (await get(b)).enabled]).toEqual([false, false])
    expect((await bulk([a], 'enable')).succeeded).toBe(1)
    await bulk([a, b], 'label', { labels: { team: 'data', old: null } })
    const { items } = await api.tenantA.client.dags.list({ query: { label: ['team=data'] } })
    expect(items.map(({ code, enabled }) => [code, enabled])).toEqual([
      [a, true],
      [b, false],
    ])
    expect((await refusal(bulk([a], 'label'))).problems).toMatchObject([{ path: '/body/labels' }])
  })

  test('are deleted but for those that others use', async () => {
    const inner = await running(one({ wait: { ms: 1 } }))
    const [outer, free] = [await running(one({ dag: inner })), await running(one({ wait: { ms: 1 } }))]
    expect(await bulk([inner, free], 'delete')).toMatchObject({ succeeded: 1, failed: 1 })
    expect(await refusal(get(free))).toMatchObject({ code: 'NOT_FOUND' })
    for (const dag of [outer, inner]) expect((await bulk([dag], 'delete')).succeeded).toBe(1)
  })

  test('a DAG that is gone keeps its versions for the runs that are pinned to them, and frees its code and its tasks', async () => {
    const task = await makeTask()
    const dag = await running(one({ task }))
    await api.tenantA.client.dags.remove({ params: { dag } })
    expect(await planOf(dag, 1)).not.toBe(null)
    await api.tenantA.client.dags.create({ body: { code: dag } })
    await api.tenantA.client.tasks.remove({ params: { task } })
  })
})

describe('which versions take traffic', () => {
  test('a second version takes a share; it is active too, and frozen', async () => {
    const dag = await running(one({ wait: { ms: 1 } }))
    await addVersion(dag, one({ wait: { ms: 2 } }))
    const { dags } = api.tenantA.client
    expect(await dags.setGray({ params: { dag }, body: { number: 2, percent: 10 } })).toMatchObject({
      active: 1,
      gray: { number: 2, percent: 10 },
    })
    expect((await version(dag, 2)).state).toBe('ACTIVE')
    expect(await planOf(dag, 2)).toMatchObject({ version: 2 })
    expect((await dags.setGray({ params: { dag }, body: { number: 2, percent: 60 } })).gray).toEqual({ number: 2, percent: 60 })
    expect(await dags.endGray({ params: { dag } })).toMatchObject({ active: 1, gray: null })
    expect((await version(dag, 2)).state).toBe('ARCHIVED')
  })

  test('the gray version can take over, which archives the one before', async () => {
    const dag = await running(one({ wait: { ms: 1 } }))
    await addVersion(dag, one({ wait: { ms: 2 } }))
    await api.tenantA.client.dags.setGray({ params: { dag }, body: { number: 2, percent: 10 } })
    await activate(dag, 2)
    expect(await api.tenantA.client.dags.get({ params: { dag } })).toMatchObject({ active: 2, gray: null })
    expect([(await version(dag, 1)).state, (await version(dag, 2)).state]).toEqual(['ARCHIVED', 'ACTIVE'])
  })

  test('there is no share of nothing, nor of the same version', async () => {
    const dag = fresh('dag')
    await api.tenantA.client.dags.create({ body: { code: dag } })
    await addVersion(dag, one({ wait: { ms: 1 } }))
    const share = () => api.tenantA.client.dags.setGray({ params: { dag }, body: { number: 1, percent: 10 } })
    expect(await refusal(share())).toMatchObject({ code: 'STATE_CONFLICT' })
    expect((await version(dag, 1)).state).toBe('DRAFT')
    await activate(dag, 1)
    expect(await refusal(share())).toMatchObject({ code: 'STATE_CONFLICT' })
  })

  test('a DAG whose active version is archived has none', async () => {
    const dag = await running(one({ wait: { ms: 1 } }))
    await versions().archive({ params: { dag, number: 1 } })
    expect(await api.tenantA.client.dags.get({ params: { dag } })).toMatchObject({ active: null })
    expect((await refusal(versions().archive({ params: { dag, number: 1 } }))).code).toBe('STATE_CONFLICT')
  })

  test('restoring an earlier revision of a DAG leaves its traffic as it is', async () => {
    const dag = await running(one({ wait: { ms: 1 } }))
    const { dags } = api.tenantA.client
    await dags.update({ params: { dag }, body: { version: 2, name: 'Another' } })
    expect(await dags.restore({ params: { dag }, body: { version: 3, revision: 1 } })).toMatchObject({
      name: dag,
      active: 1,
      version: 4,
    })
  })
})

describe('a draft, node by node', () => {
  const DIAMOND = {
    nodes: ['top', 'left', 'right', 'bottom'].map((code) => ({ code, wait: { ms: 1 } })),
    edges: [
      { from: 'top', to: 'left' },
      { from: 'top', to: 'right' },
      { from: 'left', to: 'bottom' },
      { from: 'right', to: 'bottom' },
    ],
  }
  async function drawing(): Promise<{ dag: string; number: number }> {
    const dag = fresh('dag')
    await api.tenantA.client.dags.create({ body: { code: dag } })
    await addVersion(dag, DIAMOND)
    return { dag, number: 1 }
  }

  test('nodes are read with what leads to them and where they lead, nearest first', async () => {
    const params = await drawing()
    const { dagNodes } = api.tenantA.client
    expect(await dagNodes.get({ params: { ...params, node: 'left' } })).toEqual({ code: 'left', wait: { ms: 1 } })
    expect((await dagNodes.upstream({ params: { ...params, node: 'bottom' } })).nodes).toEqual([
      { code: 'left', distance: 1 },
      { code: 'right', distance: 1 },
      { code: 'top', distance: 2 },
    ])
    expect((await dagNodes.downstream({ params: { ...params, node: 'right' } })).nodes).toEqual([{ code: 'bottom', distance: 1 }])
  })

  test('a node under another code keeps its edges, and takes them along when it goes', async () => {
    const params = await drawing()
    const { dagNodes } = api.tenantA.client
    const node = { code: 'port', wait: { ms: 5 } }
    const changed = await dagNodes.change({ params: { ...params, node: 'left' }, body: { revision: 1, node } })
    expect(changed).toMatchObject({ revision: 2, nodeCount: 4 })
    expect((await dagNodes.upstream({ params: { ...params, node: 'port' } })).nodes).toEqual([{ code: 'top', distance: 1 }])
    await dagNodes.remove({ params: { ...params, node: 'port' }, query: { revision: 2 } })
    expect((await version(params.dag, 1)).definition.edges).toEqual([
      { from: 'top', to: 'right' },
      { from: 'right', to: 'bottom' },
    ])
  })

  test('an edge is added, given a condition, and removed', async () => {
    const params = await drawing()
    const { dagNodes } = api.tenantA.client
    await dagNodes.addEdge({ params, body: { revision: 1, edge: { from: 'top', to: 'bottom' } } })
    const ends = { from: 'top', to: 'bottom' }
    await dagNodes.changeEdge({ params: { ...params, ...ends }, body: { revision: 2, condition: 'state == "SUCCESS"' } })
    expect((await version(params.dag, 1)).definition.edges.at(-1)).toEqual({ ...ends, condition: 'state == "SUCCESS"' })
    await dagNodes.removeEdge({ params: { ...params, ...ends }, query: { revision: 3 } })
    expect((await version(params.dag, 1)).definition.edges).toEqual(DIAMOND.edges)
  })

  test('what would break the draft is refused with its node or edge and changes nothing, unless it is to be kept so', async () => {
    const params = await drawing()
    const { dagNodes } = api.tenantA.client
    const edge = { from: 'bottom', to: 'top' }
    const refused = await refusal(dagNodes.addEdge({ params, body: { revision: 1, edge } }))
    expect(refused.code).toBe('VALIDATION_FAILED')
    expect((await version(params.dag, 1)).revision).toBe(1)
    expect((await dagNodes.addEdge({ params, body: { revision: 1, edge, incomplete: true } })).revision).toBe(2)
    expect((await versions().validate({ params })).valid).toBe(false)
  })
})
