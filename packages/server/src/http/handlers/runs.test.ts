import { readEvents } from '@carillon/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { apps, taskTypes, tasks } = api.tenantA.client
  const paramsSchema = {
    type: 'object',
    required: ['customer'],
    properties: { customer: { type: 'string' }, n: { type: 'integer' } },
    additionalProperties: false,
  }
  await apps.create({ body: { code: 'app' } })
  await taskTypes.create({ body: { code: 'type', kind: 'handler', settings: { handler: 'h' }, app: 'app' } })
  await taskTypes.create({ body: { code: 'typed', kind: 'handler', settings: { handler: 'h' }, app: 'app', paramsSchema } })
  await tasks.create({ body: { code: 'plain', type: 'type' } })
  await tasks.create({ body: { code: 'typed', type: 'typed', params: { n: 1 }, policies: { searchable: ['customer'] } } })
  await tasks.create({ body: { code: 'off', type: 'type', enabled: false } })
  await tasks.create({ body: { code: 'alone', type: 'type', policies: { concurrency: { policy: 'SINGLETON' } } } })
  await tasks.create({ body: { code: 'admins-only', type: 'type', runnableBy: ['owner', 'admin'] } })
})
afterAll(() => api.close())

const runs = () => api.tenantA.client.runs
const start = async (task: string, body: object = {}) => runs().trigger({ params: { task }, body })

/** An executor of the app, and what it is told. */
async function executor(instance: string) {
  const token = await api.token(api.tenantA.id, 'executor')
  const call = async (path: string, body: object) =>
    (await api.call({ method: 'POST', url: `/executor/v1/${path}`, token, body })).body
  const { session } = await call('register', { protocol: 1, app: 'app', instance, mode: 'PULL', handlers: ['h'], capacity: 1000 })
  let seq = 0
  return {
    claim: async () =>
      (await call('claim', { session, seq: ++seq, max: 1000, waitMs: 0 })).assignments as {
        run: number
        instance: number
        token: number
        params: unknown
      }[],
    report: (...items: object[]) => call('report', { session, items }),
    logs: (...items: object[]) => call('logs', { session, items }),
    deregister: () => call('deregister', { session }),
  }
}

describe('a trigger', () => {
  test('starts a run with the parameters of the task and its own', async () => {
    const { runId, state, replayed } = await start('typed', { params: { customer: 'acme' }, priority: 9 })
    expect([state, replayed]).toEqual(['PENDING', false])
    const run = await runs().get({ params: { run: runId } })
    expect(run).toMatchObject({
      origin: 'API',
      startedBy: `token:owner-${api.tenantA.id}`,
      priority: 9,
      params: { n: 1, customer: 'acme' },
      task: { code: 'typed' },
      plan: { version: 1 },
    })
  })

  test.each([
    [{}, '/body/params/customer', 'is required'],
    [{ customer: 5 }, '/body/params/customer', 'must be string'],
    [{ customer: 'x', m: 1 }, '/body/params/m', 'is not known here'],
  ])('with the parameters %j is refused', async (params, path, message) => {
    const { code, problems } = await refusal(start('typed', { params }))
    expect([code, problems[0]]).toEqual(['VALIDATION_FAILED', { path, message: expect.stringContaining(message) }])
  })

  test('of a disabled task is refused unless it is forced by a role that may', async () => {
    expect((await refusal(start('off'))).code).toBe('TASK_DISABLED')
    expect((await start('off', { force: true })).state).toBe('PENDING')
    const developer = api.client(await api.token(api.tenantA.id, 'developer'))
    expect((await refusal(developer.runs.trigger({ params: { task: 'off' }, body: { force: true } }))).code).toBe('FORBIDDEN')
  })

  test('past the concurrency policy needs the permission for it', async () => {
    const first = await start('alone')
    const second = await start('alone')
    expect(second).toMatchObject({ state: 'SKIPPED', reason: `CONCURRENCY:${first.runId}` })
    expect((await start('alone', { bypassConcurrency: true })).state).toBe('PENDING')
    const operator = api.client(await api.token(api.tenantA.id, 'operator'))
    const call = operator.runs.trigger({ params: { task: 'alone' }, body: { bypassConcurrency: true } })
    expect((await refusal(call)).code).toBe('FORBIDDEN')
  })

  test('of a task that only some roles may run is refused to the others, a retry too', async () => {
    const { runId } = await start('admins-only')
    await runs().cancel({ params: { run: runId } })
    const operator = api.client(await api.token(api.tenantA.id, 'operator'))
    expect((await refusal(operator.runs.trigger({ params: { task: 'admins-only' } }))).code).toBe('FORBIDDEN')
    expect((await refusal(operator.runs.retry({ params: { run: runId } }))).code).toBe('FORBIDDEN')
    expect((await operator.runs.retryMany({ body: { runs: [runId] } })).items).toMatchObject([{ ok: false, code: 'FORBIDDEN' }])
  })

  test('goes by the task as it is now, whatever an earlier one found', async () => {
    const { tasks, taskTypes } = api.tenantA.client
    const needs = (name: string) => ({ type: 'object', required: [name] })
    const type = await taskTypes.create({
      body: { code: 'changing', kind: 'handler', app: 'app', settings: { handler: 'h' }, paramsSchema: needs('a') },
    })
    const task = await tasks.create({ body: { code: 'changing', type: 'changing' } })
    const ofA = { params: { a: 1 } }
    await start('changing', ofA)
    await taskTypes.update({ params: { type: 'changing' }, body: { version: type.version, paramsSchema: needs('b') } })
    expect((await refusal(start('changing', ofA))).problems).toMatchObject([{ path: '/body/params/b' }])
    await start('changing', { params: { b: 1 } })
    const renamed = await tasks.update({ params: { task: 'changing' }, body: { version: task.version, code: 'changed' } })
    expect((await refusal(start('changing', { params: { b: 1 } }))).code).toBe('NOT_FOUND')
    const { runId } = await start('changed', { params: { b: 1 } })
    const { id } = await tasks.create({ body: { code: 'changing', type: 'changing' } })
    const other = await start('changing', { params: { b: 1 } })
    expect((await runs().get({ params: { run: other.runId } })).task).toMatchObject({ id })
    await tasks.update({ params: { task: 'changed' }, body: { version: renamed.version, runnableBy: ['admin'] } })
    expect((await refusal(start('changed', { params: { b: 1 } }))).code).toBe('FORBIDDEN')
    const { items } = await api.tenantA.client.audit.list({ query: { operation: 'run.trigger', object: String(renamed.id) } })
    expect(items.map(({ operation }) => operation)).toEqual(['run.trigger', 'run.trigger', 'run.trigger'])
    expect(runId).toBeLessThan(other.runId)
  })

  test('says from where it came', async () => {
    const call = { params: { task: 'plain' } }
    const { runId } = await runs().trigger(call, { headers: { 'carillon-client': 'cli' } })
    expect((await runs().get({ params: { run: runId } })).origin).toBe('CLI')
  })

  test('with larger parameters than allowed is refused with the limit', async () => {
    const { code, extra } = await refusal(start('plain', { params: { text: 'x'.repeat(70_000) } }))
    expect([code, extra['maxBytes']]).toEqual(['TOO_LARGE', 65_536])
  })
})

describe('many triggers in one request', () => {
  test('are answered one by one, and leave one audit row', async () => {
    const before = await api.root.query('select from audit')
    const answer = await runs().triggerMany({
      body: {
        items: [
          { task: 'plain' },
          { task: 'nothing' },
          { task: 'typed', params: { customer: 1 } },
          { task: 'off' },
          { task: 'plain', priority: 1 },
        ],
      },
    })
    expect(answer.items.map(({ ok, code }) => code ?? ok)).toEqual([
      true,
      'NOT_FOUND',
      'VALIDATION_FAILED',
      'TASK_DISABLED',
      true,
    ])
    expect(answer.items[2]?.problems?.[0]?.path).toBe('/body/items/2/params/customer')
    expect([answer.succeeded, answer.failed]).toEqual([2, 3])
    expect((await api.root.query('select from audit')).rowCount).toBe(before.rowCount! + 1)
  })

  test('repeated under one key start nothing again, each under its own neither', async () => {
    const items = [{ task: 'plain' }, { task: 'plain', idempotencyKey: 'own-key' }]
    const first = await runs().triggerMany({ body: { items } }, { idempotencyKey: 'whole' })
    const again = await runs().triggerMany({ body: { items } }, { idempotencyKey: 'whole' })
    expect(again.items.map(({ runId, replayed }) => [runId, replayed])).toEqual(first.items.map(({ runId }) => [runId, true]))
    const single = await runs().trigger({ params: { task: 'plain' } }, { idempotencyKey: 'own-key' })
    expect(single).toMatchObject({ runId: first.items[1]!.runId, replayed: true })
  })

  test('a thousand are the most', async () => {
    const items = Array.from({ length: 1001 }, () => ({ task: 'plain' }))
    expect((await refusal(runs().triggerMany({ body: { items } }))).code).toBe('VALIDATION_FAILED')
  })
})

describe('a run', () => {
  test('that waits says why', async () => {
    const { tasks } = api.tenantA.client
    await tasks.create({ body: { code: 'queued', type: 'type', policies: { concurrency: { policy: 'SEQUENTIAL' } } } })
    const first = await start('queued')
    const second = await start('queued')
    const whyOf = async (run: number) => (await runs().get({ params: { run } })).instances[0]?.why
    expect(await whyOf(second.runId)).toMatchObject({ reason: 'SLOT', heldBy: first.runId })
    expect(await whyOf(first.runId)).toMatchObject({
      reason: 'NO_EXECUTOR',
      detail: expect.stringContaining('handler h in the app app'),
    })
    const { executors } = api.tenantA.client
    const url = 'https://away.example.com'
    const away = { app: 'app', instance: 'away', address: url, healthUrl: url, handlers: ['h'], capacity: 1 }
    const { id } = await executors.create({ body: away })
    expect(await whyOf(first.runId)).toMatchObject({
      reason: 'EXECUTORS_UNAVAILABLE',
      detail: expect.stringMatching(/takes work: 1 OFFLINE\.$/),
    })
    await executors.setStatus({ params: { executor: id }, body: { status: 'DRAINING' } })
    expect((await whyOf(first.runId))!.detail).toMatch(/takes work: 1 DRAINING\.$/)
    await executors.remove({ params: { executor: id } })
    await runs().pause({ params: { run: first.runId } })
    expect(await whyOf(first.runId)).toMatchObject({ reason: 'PAUSED', detail: expect.stringContaining('token:owner') })
    await runs().resume({ params: { run: first.runId } })
    const { apps } = api.tenantA.client
    const { version } = await apps.update({ params: { app: 'app' }, body: { version: 1, paused: true } })
    expect(await whyOf(first.runId)).toMatchObject({ reason: 'APP_PAUSED' })
    await apps.update({ params: { app: 'app' }, body: { version, paused: false } })
  })

  test('is cancelled, and then no more', async () => {
    const { runId } = await start('plain')
    expect(await runs().cancel({ params: { run: runId } })).toEqual({ runId })
    expect((await runs().get({ params: { run: runId } })).state).toBe('CANCELLED')
    const again = await refusal(runs().cancel({ params: { run: runId } }))
    expect([again.code, again.message]).toEqual(['STATE_CONFLICT', expect.stringContaining('CANCELLED')])
  })

  test('is repeated as a new one', async () => {
    const { runId } = await start('typed', { params: { customer: 'again' } })
    await runs().cancel({ params: { run: runId } })
    const { newRunId } = await runs().retry({ params: { run: runId } })
    expect(await runs().get({ params: { run: newRunId! } })).toMatchObject({
      origin: 'RETRY',
      parentRunId: runId,
      params: { customer: 'again' },
    })
  })

  test('many are controlled at once, each answered by itself', async () => {
    const [{ runId: a }, { runId: b }] = [await start('plain'), await start('plain')]
    await runs().cancel({ params: { run: b } })
    const answer = await runs().cancelMany({ body: { runs: [a, b, 424_242] } })
    expect(answer.items.map(({ ok, code }) => code ?? ok)).toEqual([true, 'STATE_CONFLICT', 'NOT_FOUND'])
  })
})

describe('lists', () => {
  test('live runs and those of history are one list, newest first, in pages', async () => {
    const ids: number[] = []
    for (let n = 0; n < 6; n++) ids.push((await start('plain', { params: { n } })).runId)
    await runs().cancelMany({ body: { runs: [ids[1]!, ids[4]!] } })
    const seen: number[] = []
    let cursor: string | undefined
    do {
      const page = await runs().list({ query: { task: 'plain', limit: 2, ...(cursor === undefined ? {} : { cursor }) } })
      seen.push(...page.items.map((run) => run.id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined && seen.length < 6)
    expect(seen.slice(0, 6)).toEqual(ids.toReversed())
  })

  test('are filtered by state, origin, time and searchable parameter', async () => {
    const { runId } = await start('typed', { params: { customer: 'findme' } })
    const ids = async (query: object) => (await runs().list({ query })).items.map((run) => run.id)
    expect(await ids({ param: 'customer=findme' })).toEqual([runId])
    expect(await ids({ param: 'customer=nobody' })).toEqual([])
    expect(await ids({ state: ['SUCCESS'] })).toEqual([])
    expect(await ids({ origin: 'SCHEDULE' })).toEqual([])
    const { createdAt } = await runs().get({ params: { run: runId } })
    expect(await ids({ task: 'typed', from: createdAt, to: createdAt + 1 })).toContain(runId)
    expect(await ids({ from: createdAt + 1000 })).toEqual([])
    expect(await ids({ to: 1000 })).toEqual([])
  })
})

describe('an instance', () => {
  test('has its attempts, its executor and its result', async () => {
    const { runId } = await start('plain')
    const worker = await executor('w1')
    const assignment = (await worker.claim()).find((each) => each.run === runId)!
    const { instances } = api.tenantA.client
    expect((await instances.get({ params: { instance: runId } })).why).toMatchObject({
      reason: 'RESERVED',
      detail: expect.stringContaining('w1'),
    })
    const { instance, token } = assignment
    await worker.report({ kind: 'STARTED', instance, token }, { kind: 'SUCCESS', instance, token, output: { rows: 5 } })
    const ended = await instances.get({ params: { instance: runId } })
    expect(ended).toMatchObject({ state: 'SUCCESS', output: { rows: 5 }, executor: { instance: 'w1' }, why: null })
    expect(ended.attempts).toMatchObject([{ number: 1, outcome: 'SUCCESS', executor: { instance: 'w1' } }])
    const byExecutor = await instances.list({ query: { executor: ended.executor!.id, state: ['SUCCESS'] } })
    expect(byExecutor.items.map((each) => each.id)).toContain(runId)
    await worker.deregister()
  })
})

describe('LOG-2 the log of an attempt', () => {
  let instance: number
  let worker: Awaited<ReturnType<typeof executor>>
  let token: number
  const line = (seq: number, level: string, text: string) => ({
    seq,
    at: 1_700_000_000_000 + seq,
    level,
    source: 'handler',
    text,
  })
  beforeAll(async () => {
    const { runId } = await start('plain')
    worker = await executor('w2')
    ;({ instance, token } = (await worker.claim()).find((each) => each.run === runId)!)
    const lines = [line(1, 'INFO', 'begin'), line(2, 'DEBUG', 'detail'), line(3, 'ERROR', '100% wrong_thing')]
    await worker.logs({ instance, token, lines })
  })
  const logs = (query: object) => api.tenantA.client.instances.logs({ params: { instance }, query })

  test('is read in pages, by level and by what it says', async () => {
    const first = await logs({ limit: 2 })
    expect([first.items.map((each) => each.seq), first.lines, first.cut]).toEqual([[1, 2], 3, false])
    expect((await logs({ cursor: first.nextCursor })).items.map((each) => each.text)).toEqual(['100% wrong_thing'])
    expect((await logs({ level: 'INFO' })).items.map((each) => each.seq)).toEqual([1, 3])
    expect((await logs({ q: '0% WRONG_' })).items.map((each) => each.seq)).toEqual([3])
    expect((await logs({ q: '%' })).items.map((each) => each.seq)).toEqual([3])
    expect((await logs({ after: 2 })).items.map((each) => each.seq)).toEqual([3])
    expect((await logs({ attempt: 2 })).items).toEqual([])
  })

  test('is searched as a whole, piece by piece', async () => {
    const search = (query: object) => api.tenantA.client.instances.logSearch({ params: { instance }, query })
    const seqs = async (query: object) => (await search(query)).items.map((each) => each.seq)
    expect(await seqs({ q: 'WRONG_' })).toEqual([3])
    expect(await seqs({ level: 'WARN' })).toEqual([3])
    expect(await search({ limit: 2 })).toMatchObject({ attempt: 1, next: 2 })
    expect(await search({ limit: 2, after: 2 })).toMatchObject({ items: [{ seq: 3 }], next: null })
    const far = 100_000
    const fill = `insert into log_line (tenant_id, instance_id, attempt, seq, at, level, source, text) values ($1, $2, 7, $3, now(), 'INFO', 'handler', 'needle')`
    await api.root.query(fill, [api.tenantA.id, instance, far + 1])
    expect(await search({ attempt: 7, q: 'needle' })).toEqual({ items: [], attempt: 7, next: far })
    expect(await search({ attempt: 7, q: 'needle', after: far })).toMatchObject({ items: [{ seq: far + 1 }], next: null })
    expect((await logs({ attempt: 7, limit: 1, after: far })).lastSeq).toBe(far + 1)
  })

  test('is downloaded as text', async () => {
    const { text, headers } = await api.call({
      method: 'GET',
      url: `/api/v1/instances/${instance}/logs/text`,
      token: api.tenantA.owner,
    })
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(text.split('\n')).toEqual([
      '2023-11-14T22:13:20.001Z INFO  handler begin',
      '2023-11-14T22:13:20.002Z DEBUG handler detail',
      '2023-11-14T22:13:20.003Z ERROR handler 100% wrong_thing',
      '',
    ])
  })

  test('is followed as it grows, resumed behind the last event, until the attempt ends', async () => {
    const headers = { 'last-event-id': '2', authorization: `Bearer ${api.tenantA.owner}` }
    const answer = await api.app.inject({
      method: 'GET',
      url: `/api/v1/instances/${instance}/logs/tail`,
      headers,
      payloadAsStream: true,
    })
    expect(answer.headers['content-type']).toBe('text/event-stream')
    const events: string[] = []
    for await (const { id, event } of readEvents(texts(answer.stream()))) {
      events.push(`${event} ${id}`)
      if (id === '3') await worker.logs({ instance, token, lines: [line(4, 'INFO', 'more')] })
      if (id === '4') await worker.report({ kind: 'SUCCESS', instance, token })
    }
    expect(events).toEqual(['line 3', 'line 4', 'end '])
  })
})

async function* texts(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const piece of stream) yield piece.toString()
}

describe('RUN-9 a purge', () => {
  test('takes ended runs with all that is theirs, and nothing else', async () => {
    const { tasks } = api.tenantA.client
    await tasks.create({ body: { code: 'purged', type: 'type', policies: { searchable: ['n'] } } })
    const ids: number[] = []
    for (let n = 0; n < 5; n++) ids.push((await start('purged', { params: { n } })).runId)
    await runs().cancelMany({ body: { runs: ids.slice(0, 4) } })
    const other = await start('plain')
    await runs().cancel({ params: { run: other.runId } })
    expect(await runs().purge({ body: { task: 'purged', keep: 2 } })).toEqual({ purged: 2, more: false })
    const left = await runs().list({ query: { task: 'purged' } })
    expect(left.items.map((run) => run.id)).toEqual([ids[4], ids[3], ids[2]])
    expect((await api.root.query('select from run_param where run_id = any($1)', [ids.slice(0, 2)])).rowCount).toBe(0)
    expect((await api.root.query('select from instance_history where run_id = any($1)', [ids.slice(0, 2)])).rowCount).toBe(0)
    expect((await runs().get({ params: { run: other.runId } })).state).toBe('CANCELLED')
    expect(await runs().purge({ body: { before: Date.now() + 60_000, task: 'purged' } })).toEqual({ purged: 2, more: false })
  })

  test('takes those of a DAG', async () => {
    const { dags, dagVersions } = api.tenantA.client
    await dags.create({ body: { code: 'purged-dag' } })
    const definition = { nodes: [{ code: 'ask', approval: {} }], edges: [] }
    const { number } = await dagVersions.create({ params: { dag: 'purged-dag' }, body: { definition } })
    await dagVersions.activate({ params: { dag: 'purged-dag', number }, body: {} })
    const ids: number[] = []
    for (let n = 0; n < 3; n++) ids.push((await runs().triggerDag({ params: { dag: 'purged-dag' }, body: {} })).runId)
    await runs().cancelMany({ body: { runs: ids.slice(0, 2) } })
    expect(await runs().purge({ body: { dag: 'purged-dag', keep: 1 } })).toEqual({ purged: 1, more: false })
    const left = await runs().list({ query: { dag: 'purged-dag' } })
    expect(left.items.map((run) => run.id)).toEqual([ids[2], ids[1]])
    expect((await api.root.query('select from instance_history where run_id = $1', [ids[0]])).rowCount).toBe(0)
  })

  test('takes by their identifier those of a task that has been deleted', async () => {
    const { tasks } = api.tenantA.client
    const { id } = await tasks.create({ body: { code: 'gone', type: 'type' } })
    await runs().cancel({ params: { run: (await start('gone')).runId } })
    await tasks.remove({ params: { task: 'gone' } })
    expect((await refusal(runs().purge({ body: { task: 'gone' } }))).code).toBe('NOT_FOUND')
    expect(await runs().purge({ body: { task: id } })).toEqual({ purged: 1, more: false })
  })

  test('of a task or a DAG that is not there, or is another tenant’s, is refused with its name', async () => {
    await api.tenantB.client.dags.create({ body: { code: 'of-b' } })
    const { id } = await api.tenantB.client.dags.get({ params: { dag: 'of-b' } })
    for (const [body, named] of [
      [{ task: 'typo' }, 'task "typo"'],
      [{ dag: 'plain', keep: 1 }, 'DAG "plain"'],
      [{ dag: id }, `DAG "${id}"`],
    ] as const)
      expect(await refusal(runs().purge({ body }))).toMatchObject({
        code: 'NOT_FOUND',
        message: `There is no ${named} in this tenant.`,
      })
  })

  test('must say what', async () => {
    expect((await refusal(runs().purge({ body: {} }))).problems[0]?.path).toBe('/body')
    expect((await refusal(runs().purge({ body: { keep: 3 } }))).problems[0]?.path).toBe('/body/task')
    expect((await refusal(runs().purge({ body: { task: 'plain', dag: 'plain' } }))).problems[0]?.path).toBe('/body')
  })
})
