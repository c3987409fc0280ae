import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { forEachShard, type NodeControl } from '@carillon/core'
import { insertSecret } from '../storage/secret.ts'
import { TEST_VAULT } from '../testing/test-vault.ts'
import { createDag, nodesOf } from './dag.test-helper.ts'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'
import { claimInstances } from './claim.ts'
import { createSecretCache } from './secret-cache.ts'
import type { UsableBy } from '@carillon/contract'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
let statements: string[] = []
beforeEach(() => {
  statements = []
})

async function store(tenantId: number, name: string, value: string, usableBy: UsableBy = {}): Promise<void> {
  await world.db.engine(async (tx) => {
    const sealed = await TEST_VAULT.seal(tx, { tenantId, name, valueVersion: 1 }, value)
    await insertSecret(tx, tenantId, { name, description: '', usableBy, ...sealed, createdBy: 'test' })
  })
}

async function claimOf(task: TestTask) {
  const executor = await world.executor(task)
  return executor.claim()
}

const errorOf = async (runId: number) =>
  (await world.sql<{ error: { code: string; message: string } }>(`select error from instance_history where id = $1`, runId))[0]
    ?.error

const REFERENCE = '${{ secrets.api-key }}'

it('puts a secret into what the executor is sent, and keeps the reference in everything that is stored', async () => {
  const task = await world.task({
    node: {
      params: { key: REFERENCE, deep: [{ key: '${{ secrets["api-key"] }}' }], plain: 'x' },
      settings: { headers: { authorization: REFERENCE } },
      variables: { KEY: REFERENCE },
    },
  })
  await store(task.tenantId, 'api-key', 'canary-4711')
  await world.start(task)
  const [assignment] = await claimOf(task)
  expect(assignment).toMatchObject({
    params: { key: 'canary-4711', deep: [{ key: 'canary-4711' }], plain: 'x' },
    settings: { headers: { authorization: 'canary-4711' } },
    variables: { KEY: 'canary-4711' },
    secrets: ['canary-4711'],
  })
  const everything = await world.sql<{ text: string }>(
    `select r::text as text from run_live r union all select i::text from instance_live i union all select p::text from plan p`,
  )
  expect(everything.map(({ text }) => text).join('\n')).not.toContain('canary-4711')
})

it('puts a secret into each shard of a task, whose parameters are as they were written', async () => {
  const control: NodeControl = {
    does: { kind: 'TASK', taskId: 0 },
    triggerRule: 'ALL_SUCCESS',
    mayFail: false,
    forEach: forEachShard({ mode: 'PARAMS', params: [{ part: 1 }, { part: 2 }] }),
    priority: null,
    parents: 0,
    edges: [],
  }
  const task = await world.task({ node: { params: { key: REFERENCE }, control } })
  await store(task.tenantId, 'api-key', 'canary-shards')
  await world.start(task)
  const given = (await claimOf(task)).map(({ params }) => params)
  expect(given).toHaveLength(2)
  for (const part of [1, 2]) expect(given).toContainEqual({ key: 'canary-shards', part })
})

it('fails an attempt whose secret is missing, at once and for good, and says which', async () => {
  const task = await world.task({ node: { params: { key: REFERENCE } } })
  const runId = await world.start(task)
  expect(await claimOf(task)).toEqual([])
  expect(await world.run(runId)).toMatchObject({ run: 'FAILED', reason: 'SECRET_MISSING', attempt: 1 })
  expect((await errorOf(runId))!.message).toContain('"api-key"')
})

it('gives a secret to the apps, tasks and DAGs that it is meant for, and to no others', async () => {
  const task = await world.task({ node: { params: { key: REFERENCE } } })
  const { tenantId } = task
  const [{ code }] = (await world.sql<{ code: string }>(`select code from task where id = $1`, task.id)) as [{ code: string }]
  const outcomes: unknown[] = []
  for (const usableBy of [
    { apps: [task.appCode] },
    { tasks: [code] },
    { apps: ['other'] },
    { tasks: ['other'] },
    { dags: [code] },
    { apps: [] },
  ]) {
    await world.sql(`delete from secret where tenant_id = $1`, tenantId)
    await store(tenantId, 'api-key', 'canary', usableBy)
    Object.assign(world.engine, { secrets: createSecretCache(TEST_VAULT) })
    const runId = await world.start(task)
    const given = await claimOf(task)
    outcomes.push(given.length > 0 ? 'given' : (await world.run(runId)).reason)
  }
  const no = 'SECRET_FORBIDDEN'
  expect(outcomes).toEqual(['given', 'given', no, no, no, no])
})

it("gives no secret to another tenant's app that has the code of the one it is meant for", async () => {
  const task = await world.task({ node: { params: { key: REFERENCE } } })
  await store(task.tenantId, 'api-key', 'canary', { apps: [task.appCode] })
  const shared = await world.task({ tenantId: 1 })
  await world.sql(`update app set code = $2, shared = true where id = $1`, shared.appId, task.appCode)
  await world.sql(`update queue set app_tenant_id = 1, app_id = $2 where id = $1`, task.queueId, shared.appId)
  const runId = await world.start(task)
  const executor = await world.executor({ ...shared, appCode: task.appCode, handler: task.handler })
  expect(await executor.claim()).toEqual([])
  expect(await world.run(runId)).toMatchObject({ reason: 'SECRET_FORBIDDEN' })
})

it("does not see another tenant's secret of the same name", async () => {
  const task = await world.task({ node: { params: { key: REFERENCE } } })
  await store(await world.tenant(), 'api-key', 'foreign')
  const runId = await world.start(task)
  expect(await claimOf(task)).toEqual([])
  expect(await world.run(runId)).toMatchObject({ reason: 'SECRET_MISSING' })
})

it('takes for a reference only what a definition says, never what a run was given', async () => {
  const task = await world.task({ node: { params: { key: REFERENCE } } })
  await store(task.tenantId, 'api-key', 'mine')
  await store(task.tenantId, 'other', 'not for this task')
  const forged = { text: '${{ secrets.other }}', mark: { $secret: 'other' }, marked: { $secret: 'api-key' } }
  await world.start(task, { params: forged })
  const [assignment] = await claimOf(task)
  expect(assignment!.params).toEqual({ key: 'mine', ...forged })
})

it('looks secrets up once for a batch, and believes the answer for a moment', async () => {
  const task = await world.task({ node: { params: { a: REFERENCE, b: '${{ secrets.other }}' } } })
  await store(task.tenantId, 'api-key', 'one')
  await store(task.tenantId, 'other', 'two')
  const { engine } = world
  const cache = createSecretCache(TEST_VAULT)
  const counting = {
    ...engine,
    secrets: {
      ...cache,
      load: ((tx, keys) =>
        cache.load(
          { ...tx, query: (statement, parameters) => (statements.push(statement.name), tx.query(statement, parameters)) },
          keys,
        )) as typeof cache.load,
    },
  }
  for (let run = 0; run < 20; run++) await world.start(task)
  const { session } = await world.executor(task)
  for (const seq of [1, 2]) {
    const { assignments } = await claimInstances(
      counting,
      { tenant: 0 },
      { tenantId: task.tenantId, sessionId: session, seq, max: 10 },
    )
    expect(assignments.map(({ params }) => params)).toEqual(Array(10).fill({ a: 'one', b: 'two' }))
  }
  expect(statements).toEqual(['secret.selectSealed'])
})

it('opens a secret for each batch anew, and keeps what it has read as it is stored', async () => {
  const tenantId = await world.tenant()
  await store(tenantId, 'api-key', 'value')
  let opened = 0
  const cache = createSecretCache({ ...TEST_VAULT, open: (secret) => (opened++, TEST_VAULT.open(secret)) })
  const key = { tenantId, name: 'api-key' }
  for (const times of [1, 2]) {
    const find = await world.db.engine((tx) => cache.load(tx, [key, key]))
    expect(find(key)!.opened).toEqual({ kind: 'VALUE', value: 'value' })
    expect(opened).toBe(times)
  }
})

it("puts a secret into the parameters of a DAG's node, for DAGs that it is meant for, and fails the node where it is missing", async () => {
  const task = await world.task()
  const node = (code: string, secret: string) => ({
    code,
    task: 'work',
    params: { key: `\${{ secrets.${secret} }}`, from: '${{ params.from }}' },
  })
  const dag = await createDag(world, task, { nodes: [node('has', 'api-key'), node('lacks', 'nothing')], edges: [] })
  // The plan of every test DAG goes by the code `dag`.
  await store(task.tenantId, 'api-key', 'canary-dag', { dags: ['dag'] })
  const runId = await dag.start({ params: { from: '${{ secrets.api-key }}' } })
  const executor = await world.executor(task)
  const assignments = await executor.claim()
  expect(assignments.map(({ params }) => params)).toEqual([{ key: 'canary-dag', from: '${{ secrets.api-key }}' }])
  const nodes = await nodesOf(world, runId)
  expect(nodes['lacks']).toMatchObject({ state: 'FAILED', error: { code: 'SECRET_MISSING' } })
  const stored = await world.sql<{ text: string }>(`select i::text as text from instance_live i where run_id = $1`, runId)
  expect(stored.map(({ text }) => text).join()).not.toContain('canary-dag')
})
