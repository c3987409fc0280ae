import type { DagDefinitionView, DefinitionDocument } from '@carillon/contract'
import { MOST_NODES } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

// Definitions that are wrong, by each way in which one can be written: the answer names the node or the edge, and nothing is half-written.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { taskTypes, tasks, dags, dagVersions } = api.tenantA.client
  const paramsSchema = { type: 'object', properties: { count: { type: 'integer' } } }
  await taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' }, paramsSchema } })
  await tasks.create({ body: { code: 'load', type: 'note' } })
  for (const code of ['idle', 'target']) await dags.create({ body: { code } })
  await dagVersions.create({ params: { dag: 'target' }, body: { definition: { nodes: [wait('first')], edges: [] } } })
})
afterAll(() => api.close())

const wait = (code: string) => ({ code, wait: { ms: 1 } })
const THREE = ['a', 'b', 'c'].map(wait)
const edge = (from: string, to: string, condition?: string) => ({ from, to, ...(condition === undefined ? {} : { condition }) })

interface Wrong {
  readonly definition: DagDefinitionView
  readonly problem: { readonly path: string; readonly node?: string; readonly edge?: object }
  readonly message: RegExp
}

const ofNode = (code: string, index: number, path: string) => ({ path: `/nodes/${index}${path}`, node: code })
const one = (node: object) => ({ nodes: [{ code: 'only', ...node }], edges: [] })

const WRONG: Readonly<Record<string, Wrong>> = {
  'a cycle, which is printed': {
    definition: { nodes: THREE, edges: [edge('a', 'b'), edge('b', 'c'), edge('c', 'a')] },
    problem: { path: '/edges/0', edge: { from: 'a', to: 'b' } },
    message: /It closes a cycle: b → c → a → b/,
  },
  'a node that waits for itself': {
    definition: { nodes: THREE, edges: [edge('a', 'a')] },
    problem: { path: '/edges/0', edge: { from: 'a', to: 'a' } },
    message: /wait for itself/,
  },
  'a dangling edge': {
    definition: { nodes: THREE, edges: [edge('a', 'gone')] },
    problem: { path: '/edges/0/to', edge: { from: 'a', to: 'gone' } },
    message: /There is no node "gone"/,
  },
  'an unknown task': {
    definition: one({ task: 'gone' }),
    problem: ofNode('only', 0, '/task'),
    message: /names the task gone, which does not exist in this tenant/,
  },
  'an unknown DAG': {
    definition: one({ dag: 'gone' }),
    problem: ofNode('only', 0, '/dag'),
    message: /names the DAG gone, which does not exist/,
  },
  'a DAG of which no version is active': {
    definition: one({ dag: 'idle' }),
    problem: ofNode('only', 0, '/dag'),
    message: /no version is active/,
  },
  'two nodes of one code': {
    definition: { nodes: [...THREE, wait('a')], edges: [] },
    problem: ofNode('a', 3, '/code'),
    message: /already that of \/nodes\/0/,
  },
  'a node that does nothing': {
    definition: one({ name: 'Nothing' }),
    problem: ofNode('only', 0, ''),
    message: /one of task, dag, approval, wait/,
  },
  'a condition on what there is not': {
    definition: { nodes: THREE, edges: [edge('a', 'b', 'result.rows > 0')] },
    problem: { path: '/edges/0/condition', edge: { from: 'a', to: 'b' } },
    message: /result/,
  },
  'a condition that cannot be read, with the place in it': {
    definition: { nodes: THREE, edges: [edge('a', 'b', 'output.rows >')] },
    problem: { path: '/edges/0/condition', edge: { from: 'a', to: 'b' } },
    message: /line 1, column \d+/,
  },
  'the output of a node that is not upstream': {
    definition: { nodes: [...THREE, { code: 'd', task: 'load', params: { count: '${{ nodes.a.output.rows }}' } }], edges: [] },
    problem: ofNode('d', 3, '/params/count'),
    message: /"a" is not upstream of "d"/,
  },
  'parameters against the schema of the task': {
    definition: one({ task: 'load', params: { count: 'many' } }),
    problem: ofNode('only', 0, '/params/count'),
    message: /must be integer/,
  },
  'parameters of the run against its schema': {
    definition: { ...one({ wait: { ms: 1 } }), params: { day: 1 }, paramsSchema: { properties: { day: { type: 'string' } } } },
    problem: { path: '/params/day' },
    message: /must be string/,
  },
  'a fan-out over no expression': {
    definition: one({ task: 'load', forEach: { items: '[1, 2' } }),
    problem: ofNode('only', 0, '/forEach/items'),
    message: /line 1, column \d+/,
  },
}
const ALL = Object.entries(WRONG)

const versions = () => api.tenantA.client.dagVersions
const TARGET = { dag: 'target', number: 1 }

/** Everything of DAGs that this tenant has. */
async function everything(): Promise<unknown> {
  const { rows } = await api.root.query(
    `select (select json_agg(d order by id) from dag d) as dags, (select json_agg(v order by id) from dag_version v) as versions,
       (select count(*) from revision) as revisions, (select count(*) from plan) as plans`,
  )
  return rows[0]
}

/** That it is refused with the problem, its path under `place`, and that nothing has been written. */
async function refused(call: () => Promise<unknown>, { problem, message }: Wrong, place: string): Promise<void> {
  const before = await everything()
  const { code, problems } = await refusal(call())
  expect(code).toBe('VALIDATION_FAILED')
  expect(problems).toContainEqual({
    ...problem,
    path: `${place}${problem.path}`,
    message: expect.stringMatching(message) as string,
  })
  expect(await everything()).toEqual(before)
}

describe.each(ALL)('%s', (_, wrong) => {
  const { definition } = wrong

  test('is refused as a new draft', () =>
    refused(() => versions().create({ params: { dag: 'target' }, body: { definition } }), wrong, '/body/definition'))

  test('is refused in place of what a draft holds', () =>
    refused(() => versions().update({ params: TARGET, body: { revision: 1, definition } }), wrong, '/body/definition'))

  test('is refused as a document, new or of a DAG that is there', async () => {
    for (const code of ['another', 'target']) {
      const documents: DefinitionDocument[] = [
        { kind: 'Calendar', code: 'days', timezone: 'UTC' },
        { kind: 'Dag', code, ...definition },
      ]
      await refused(() => api.tenantA.client.definitions.apply({ body: { documents } }), wrong, '/body/documents/1')
    }
  })

  test('is kept as a draft on request, but neither activated nor run dry', async () => {
    const { number } = await versions().create({ params: { dag: 'target' }, body: { definition, incomplete: true } })
    const params = { dag: 'target', number }
    const { valid, problems } = await versions().validate({ params })
    expect(valid).toBe(false)
    expect(problems).toContainEqual({ ...wrong.problem, message: expect.stringMatching(wrong.message) as string })
    await refused(() => versions().activate({ params, body: {} }), wrong, '/definition')
    await refused(() => versions().dryRun({ params, body: {} }), wrong, '/definition')
    await versions().remove({ params })
  })
})

test(`more than ${MOST_NODES} nodes are refused`, async () => {
  const definition = { nodes: Array.from({ length: MOST_NODES + 1 }, (_, index) => wait(`n${index}`)), edges: [] }
  const before = await everything()
  const { code, problems } = await refusal(versions().create({ params: { dag: 'target' }, body: { definition } }))
  expect(code).toBe('VALIDATION_FAILED')
  expect(problems).toEqual([{ path: '/body/definition/nodes', message: expect.stringContaining('10000') as string }])
  expect(await everything()).toEqual(before)
})

test('a node or an edge that would break a draft is refused by itself', async () => {
  const { dagNodes } = api.tenantA.client
  const before = await everything()
  const twice = await refusal(dagNodes.add({ params: TARGET, body: { revision: 1, node: wait('first') } }))
  expect(twice.problems).toMatchObject([{ path: '/body/node/code', message: expect.stringContaining('first') as string }])
  const lost = await refusal(dagNodes.add({ params: TARGET, body: { revision: 1, node: { code: 'lost', task: 'gone' } } }))
  expect(lost.problems).toMatchObject([{ node: 'lost' }])
  const dangling = await refusal(dagNodes.addEdge({ params: TARGET, body: { revision: 1, edge: edge('first', 'gone') } }))
  expect(dangling.problems).toMatchObject([{ edge: { from: 'first', to: 'gone' } }])
  expect((await refusal(dagNodes.remove({ params: { ...TARGET, node: 'first' }, query: { revision: 1 } }))).message).toMatch(
    /at least one node/,
  )
  for (const call of [
    () => dagNodes.get({ params: { ...TARGET, node: 'gone' } }),
    () => dagNodes.upstream({ params: { ...TARGET, node: 'gone' } }),
    () => dagNodes.change({ params: { ...TARGET, node: 'gone' }, body: { revision: 1, node: wait('gone') } }),
    () => dagNodes.removeEdge({ params: { ...TARGET, from: 'first', to: 'gone' }, query: { revision: 1 } }),
  ])
    expect(await refusal(call())).toMatchObject({ code: 'NOT_FOUND' })
  expect((await refusal(dagNodes.add({ params: TARGET, body: { revision: 7, node: wait('b') } }))).code).toBe('VERSION_CONFLICT')
  expect(await everything()).toEqual(before)
})
