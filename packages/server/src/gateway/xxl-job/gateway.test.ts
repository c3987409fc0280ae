import { DEFAULT_RETRY } from '@carillon/core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelRuns } from '../../lifecycle/control-runs.ts'
import type { TaskShape, TestTask } from '../../lifecycle/engine.test-helper.ts'
import { reapLost, timeOut } from '../../lifecycle/overdue.ts'
import { startLoop } from '../../runtime/loop.ts'
import { dispatchTopic } from '../../runtime/wake-hub.ts'
import { pruneSessions } from '../../storage/executor-session.ts'
import { insertSecret } from '../../storage/secret.ts'
import { TEST_VAULT } from '../../testing/test-vault.ts'
import { createGateway, fakeExecutor, no, yes, type FakeExecutor, type Gateway } from './gateway.test-helper.ts'

// What a real executor shows stands in examples/src/xxl-job; here is what only goes wrong.

let gateway: Gateway
beforeAll(async () => {
  gateway = await createGateway()
})
afterAll(() => gateway.close())

const NO_RETRY = { ...DEFAULT_RETRY, maxRetries: 0 }

interface Scene {
  readonly task: TestTask
  readonly token: string
  readonly executor: FakeExecutor
}

async function scene(answers: FakeExecutor['answers'] = {}, shape: TaskShape = {}, headers = {}): Promise<Scene> {
  const task = await gateway.task(shape)
  const token = await gateway.token(task)
  const executor = await fakeExecutor(answers)
  await gateway.register(task, executor.address, token, headers)
  return { task, token, executor }
}

/** A run that its executor has been sent, as that has it. */
async function sent({ task, executor }: Scene): Promise<{ run: number; logId: number; jobId: number }> {
  const before = executor.calls.length
  const run = await gateway.world.start(task)
  await gateway.dispatch()
  const isRun = ({ action }: { action: string }) => action === 'run' || action === 'trigger'
  await gateway.until(() => executor.calls.slice(before).some(isRun))
  const { body } = executor.calls.slice(before).find(isRun)!
  return { run, logId: body['logId'] as number, jobId: body['jobId'] as number }
}

const stateOf = async (run: number) => (await gateway.world.run(run)).instance
const becomes = (run: number, state: string) => gateway.until(async () => (await stateOf(run)) === state)
const attemptsOf = (run: number) =>
  gateway.world.sql<{ id: number; state: string; jobId: number }>(
    `select id, state, job_id as "jobId" from xxl_job_attempt where instance_id = $1 order by id`,
    run,
  )
const success = (logId: number) => ({ logId, logDateTim: 1, handleCode: 200, handleMsg: 'fine' })

describe('1 what executors call', () => {
  test.each(['/api', '/xxl-job-admin/api'])(
    '%s answers a wrong token, a wrong method and a wrong path with status 200, JSON, and code 500',
    async (prefix) => {
      const task = await gateway.task()
      const token = await gateway.token(task)
      const right = { 'xxl-job-access-token': token }
      for (const headers of [{}, { 'xxl-job-access-token': 'default_token' }, { 'xxl-job-access-token': `${token}x` }]) {
        const answer = await gateway.post(`${prefix}/callback`, [], headers)
        expect(answer).toMatchObject({
          status: 200,
          type: 'application/json; charset=utf-8',
          body: { code: 500, content: null, data: null },
        })
        expect(answer.body.msg).toContain('access token is wrong')
      }
      expect(await gateway.post(`${prefix}/callback`, [], right)).toMatchObject({ status: 200, body: { code: 200, msg: null } })
      for (const method of ['GET', 'PUT', 'DELETE'] as const) {
        const answer = await gateway.inject({ method, url: `${prefix}/callback`, headers: right })
        expect(answer.statusCode).toBe(200)
        expect(answer.json()).toMatchObject({ code: 500, msg: expect.stringContaining('HttpMethod not support') })
      }
      expect((await gateway.post(`${prefix}/addJob`, {}, right)).body).toMatchObject({
        code: 500,
        msg: expect.stringContaining('/api/v1/tasks'),
      })
      expect((await gateway.post('/xxl-job-admin/api/x', {}, right)).body).toMatchObject({
        code: 500,
        msg: 'uri-mapping(x) not found',
      })
    },
  )

  test('a body that is no JSON, of any content type, is refused in the same way', async () => {
    const headers = { 'xxl-job-access-token': await gateway.token(await gateway.task()), 'content-type': 'text/plain' }
    for (const payload of ['', '{', 'logId=7']) {
      const answer = await gateway.inject({ method: 'POST', url: '/api/callback', headers, payload })
      expect(answer.statusCode).toBe(200)
      expect(answer.json()).toMatchObject({ code: 500 })
    }
  })

  test.each([
    ['registry', [], 'Illegal Argument'],
    ['registry', { protocol: 1, app: 'shop', instance: 'a', mode: 'PULL', handlers: [], capacity: 1 }, 'registryGroup'],
    ['registry', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: { ip: '::1' } }, 'Illegal Argument'],
    ['registryRemove', { callbackList: [] }, 'Illegal Argument'],
    ['callback', { registryGroup: 'EXECUTOR' }, 'callbackList'],
  ])('%s refuses a body of something else', async (action, body, message) => {
    const headers = { 'xxl-job-access-token': await gateway.token(await gateway.task()) }
    expect((await gateway.post(`/api/${action}`, body, headers)).body).toMatchObject({
      code: 500,
      msg: expect.stringContaining(message),
    })
  })

  test('an app that the token is not for, or that does not exist, is refused by name', async () => {
    const [task, other] = [await gateway.task(), await gateway.task()]
    const sibling = await gateway.task({ tenantId: task.tenantId })
    const token = await gateway.token(task)
    for (const app of [other.appCode, sibling.appCode, 'nobody', 'no\0body'])
      await expect(gateway.register({ ...task, appCode: app }, 'http://a', token)).rejects.toThrow(`"${app.replace('\0', '␀')}"`)
  })
})

describe('2 callbacks', () => {
  test.each([
    ['a list', (item: unknown) => [item]],
    ['an object with a list (C)', (item: unknown) => ({ callbackList: [item] })],
  ])('in %s end the attempt; twice or after the end they change nothing and are no error', async (_dialect, bodyOf) => {
    const stage = await scene()
    const { run, logId } = await sent(stage)
    const call = (item: unknown) => gateway.post('/api/callback', bodyOf(item), { 'xxl-job-access-token': stage.token })
    expect((await call(success(logId))).body.code).toBe(200)
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
    expect((await call(success(logId))).body.code).toBe(200)
    expect((await call({ logId, handleCode: 500, handleMsg: 'no' })).body.code).toBe(200)
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('of two about one attempt in one request the first counts', async () => {
    const stage = await scene({}, { node: { retry: NO_RETRY } })
    const { run, logId } = await sent(stage)
    await gateway.callback(stage.token, { logId, handleCode: 500, handleMsg: 'no' }, success(logId))
    expect(await gateway.world.run(run)).toMatchObject({ run: 'FAILED', reason: 'XXL_JOB_500' })
  })

  test('502 is a time-out, and so are those that come together with others', async () => {
    const stage = await scene({}, { node: { retry: NO_RETRY } })
    const [late, good] = [await sent(stage), await sent(stage)]
    await gateway.callback(stage.token, { logId: late.logId, handleCode: 502, handleMsg: 'slow' }, success(good.logId))
    expect(await gateway.world.run(late.run)).toMatchObject({ run: 'TIMEOUT' })
    expect(await gateway.world.run(good.run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('unknown log numbers, an empty list and rubbish are answered 200', async () => {
    const { token } = await scene()
    expect((await gateway.callback(token)).body.code).toBe(200)
    expect((await gateway.callback(token, success(1), null, { logId: 'x' })).body.code).toBe(200)
  })

  test("another tenant's token, and that of another app, end nothing and are told nothing", async () => {
    const stage = await scene()
    const { run, logId } = await sent(stage)
    const stranger = await gateway.token(await gateway.task())
    const sibling = await gateway.token(await gateway.task({ tenantId: stage.task.tenantId }))
    for (const token of [stranger, sibling]) expect((await gateway.callback(token, success(logId))).body.code).toBe(200)
    await becomes(run, 'RUNNING')
    await gateway.callback(await gateway.token(stage.task, { bound: false }), success(logId))
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('the database cannot answer for a while: the callback is held, not refused', async () => {
    const stage = await scene()
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    const release = await gateway.lock('xxl_job_attempt')
    const answer = gateway.callback(stage.token, success(logId))
    await gateway.until(() => gateway.world.events.some(({ event }) => event === 'xxlJob.callbackHeld')).finally(release)
    expect((await answer).body.code).toBe(200)
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('a message that is JSON nested too deeply to be kept as such is kept as text, and the run is a success', async () => {
    const stage = await scene()
    const { run, logId } = await sent(stage)
    await gateway.callback(stage.token, { ...success(logId), handleMsg: '['.repeat(20_000) + ']'.repeat(20_000) })
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('a message that is too long for an output is cut, and the run is a success', async () => {
    const stage = await scene()
    const { run, logId } = await sent(stage)
    await gateway.callback(stage.token, { ...success(logId), handleMsg: 'x'.repeat(400_000) })
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })
})

describe('3 the attempt is there before it is sent', () => {
  test('a callback that comes before the answer of /run counts, and the answer changes nothing', async () => {
    const task = await gateway.task()
    const token = await gateway.token(task)
    const executor = await fakeExecutor({
      run: async ({ logId }) => {
        await gateway.callback(token, success(logId as number))
        return { code: 200 }
      },
    })
    await gateway.register(task, executor.address, token)
    const run = await gateway.world.start(task)
    await gateway.dispatch()
    await becomes(run, 'SUCCESS')
    await gateway.until(async () => (await attemptsOf(run))[0]?.state === 'OVER')
  })
})

describe('4 numbers', () => {
  test('a task keeps its number, each attempt has a log number of its own, and both are numbers that all clients read', async () => {
    const stage = await scene({}, { node: { retry: { ...NO_RETRY, maxRetries: 1, delayMs: 0 } } })
    const first = await sent(stage)
    await gateway.callback(stage.token, { logId: first.logId, handleCode: 500 })
    await gateway.dispatch()
    await gateway.until(() => stage.executor.of('run').length === 2)
    const again = stage.executor.of('run')[1]!.body
    expect(again['jobId']).toBe(first.jobId)
    expect(again['logId']).toBeGreaterThan(first.logId)
    expect(Number.isSafeInteger(again['logId'])).toBe(true)
    expect(first.jobId).toBeLessThan(2 ** 31)
    // What belongs to the first attempt is too late for the second.
    await gateway.callback(stage.token, success(first.logId))
    await becomes(first.run, 'RUNNING')
    await gateway.callback(stage.token, success(again['logId'] as number))
    expect(await gateway.world.run(first.run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('a number that came with an import is kept', async () => {
    const stage = await scene()
    await gateway.world.sql(`update task set xxl_job_id = 7 where id = $1`, stage.task.id)
    expect((await sent(stage)).jobId).toBe(7)
  })

  test('one address under two tenants is two executors, and their tasks have different numbers', async () => {
    const stage = await scene()
    const other = await gateway.task()
    const token = await gateway.token(other)
    await gateway.register(other, stage.executor.address, token)
    const [mine, theirs] = [await sent(stage), await sent({ ...stage, task: other })]
    expect(mine.jobId).not.toBe(theirs.jobId)
    expect(stage.executor.of('run').map(({ headers }) => headers['xxl-job-access-token'])).toEqual([stage.token, token])
    await gateway.callback(token, success(mine.logId))
    await becomes(mine.run, 'RUNNING')
  })
})

describe('5 dialects', () => {
  test('the first call is a beat with an empty object, and every call shows token and app', async () => {
    const { executor, task, token } = await scene()
    await gateway.until(() => executor.of('beat').length === 1)
    expect(executor.of('beat')[0]).toMatchObject({
      text: '{}',
      headers: { 'xxl-job-access-token': token, 'xxl-job-appname': task.appCode },
    })
  })

  test('one that says its app when it registers is called at /trigger', async () => {
    const stage = await scene({}, {}, { 'xxl-job-appname': 'whatever' })
    await sent(stage)
    expect([stage.executor.of('trigger').length, stage.executor.of('run').length]).toEqual([1, 0])
  })

  test('one that does not know the word is called by the other, once', async () => {
    const stage = await scene({ run: no('invalid request, uri-mapping(/run) not found.') })
    const run = await gateway.world.start(stage.task)
    await gateway.dispatch()
    await becomes(run, 'RUNNING')
    expect([stage.executor.of('run').length, stage.executor.of('trigger').length]).toEqual([1, 1])
  })
})

describe('6 refusals', () => {
  test('a list of callbacks, as Go refuses, is a refusal with its message', async () => {
    const stage = await scene(
      { run: () => [{ logId: 7, handleCode: 500, handleMsg: 'Task not registered' }] },
      { node: { retry: NO_RETRY } },
    )
    const run = await gateway.world.start(stage.task)
    await gateway.dispatch()
    await becomes(run, 'FAILED')
    expect(await gateway.world.run(run)).toMatchObject({ reason: 'XXL_JOB_REFUSED' })
  })

  test('what one executor refuses another one gets, at once and as the same attempt', async () => {
    const stage = await scene({ run: no('no such handler') })
    const other = await fakeExecutor()
    await gateway.register(stage.task, other.address, stage.token)
    for (let runs = 0; runs < 4; runs++) {
      const run = await gateway.world.start(stage.task)
      await gateway.until(async () => {
        await gateway.dispatch()
        return (await stateOf(run)) === 'RUNNING'
      })
      expect(await gateway.world.run(run)).toMatchObject({ attempt: 1 })
    }
    expect(other.of('run')).toHaveLength(4)
    expect(stage.executor.of('run').length).toBeGreaterThan(0)
  })

  test('while it waits to be asked again nobody takes it for started, though the executor is busy with the same task', async () => {
    const stage = await scene({ run: no('busy'), idleBeat: no('busy') })
    const { run } = await sent(stage)
    for (let refusals = 1; refusals < 5; refusals++) {
      await gateway.until(() => stage.executor.of('idleBeat').length === refusals)
      await gateway.due()
      await gateway.keep()
      expect(await stateOf(run)).not.toBe('RUNNING')
      await gateway.until(async () => {
        await gateway.dispatch()
        return stage.executor.of('run').length > refusals
      })
    }
    expect(await gateway.world.run(run)).toMatchObject({ attempt: 1 })
  })

  test('nobody listens: it waits for the next executor, and no attempt is used up', async () => {
    const task = await gateway.task({ node: { delivery: 'AT_MOST_ONCE' } })
    const token = await gateway.token(task)
    await gateway.register(task, 'http://127.0.0.1:1', token)
    const run = await gateway.world.start(task)
    await gateway.until(async () => {
      await gateway.dispatch()
      return (await attemptsOf(run))[0]?.state === 'OVER'
    })
    expect(await stateOf(run)).toBe('PENDING')
    const executor = await fakeExecutor()
    await gateway.register(task, executor.address, token)
    await gateway.until(async () => {
      await gateway.dispatch()
      return (await stateOf(run)) === 'RUNNING'
    })
    expect(await gateway.world.run(run)).toMatchObject({ attempt: 1 })
  })
})

describe('7 no answer', () => {
  test('what may have arrived is never sent again: it counts as started, and its callback counts', async () => {
    const stage = await scene({ run: () => null }, { node: { delivery: 'AT_MOST_ONCE' } })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.dispatch()
    await gateway.callback(stage.token, success(logId))
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS', attempt: 1 })
    expect(stage.executor.of('run')).toHaveLength(1)
  })

  test('one that accepts and never answers does not hold the node up', async () => {
    const stage = await scene({ run: () => new Promise(() => undefined) })
    const other = await scene()
    const hanging = await gateway.world.start(stage.task)
    const run = await gateway.world.start(other.task)
    await gateway.dispatch()
    await becomes(run, 'RUNNING')
    expect(await stateOf(hanging)).toBe('RESERVED')
    await becomes(hanging, 'RUNNING')
  })
})

describe('8 registry', () => {
  test('what waits for somebody is sent to one that registers at once, however long the loop would have rested', async () => {
    const task = await gateway.task()
    const token = await gateway.token(task)
    const executor = await fakeExecutor({})
    const run = await gateway.world.start(task)
    let looks = 0
    const look = async () => {
      await gateway.dispatch()
      looks++
      return 3_600_000
    }
    const loop = startLoop('dispatch', look, (_, error) => expect.unreachable(String(error)))
    const unhear = gateway.world.engine.hub.onWake((topic) => {
      if (topic === dispatchTopic) loop.wake()
    })
    await gateway.until(() => looks > 0)
    await gateway.register(task, executor.address, token)
    await becomes(run, 'RUNNING')
    unhear()
    await loop.stop()
    expect(looks).toBe(2)
  })

  const sessions = (task: TestTask) =>
    gateway.world.sql<{ id: number; left: number; open: boolean; status: string }>(
      `select s.id, extract(epoch from s.lease_until - now())::int as left, s.ended_at is null as open, e.status
       from executor_session s join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id where s.app_id = $1 order by s.id`,
      task.appId,
    )

  test('each registration renews the lease of 90 s, and the session is the same, under another token too', async () => {
    const { task, executor, token } = await scene()
    for (const again of [token, token, await gateway.token(task)]) {
      await gateway.world.sql(`update executor_session set lease_until = now() + interval '1 s' where app_id = $1`, task.appId)
      await gateway.register(task, executor.address, again)
      const found = await sessions(task)
      expect(found).toHaveLength(1)
      expect(found[0]!.left).toBeGreaterThan(85)
    }
    await gateway.dispatch()
    const { logId } = await sent({ task, executor, token })
    expect(logId).toBeGreaterThan(0)
    expect(executor.of('run')[0]!.headers['xxl-job-access-token']).not.toBe(token)
  })

  test('its lease runs out while it comes back under another token: it gets a session, and not the one that has ended', async () => {
    const { task, executor } = await scene()
    const other = await gateway.token(task)
    const expiring = new pg.Client({ connectionString: gateway.world.url })
    await expiring.connect()
    await expiring.query('begin')
    await expiring.query(`update executor_session set ended_at = now(), end_reason = 'EXPIRED' where app_id = $1`, [task.appId])
    const registered = gateway.register(task, executor.address, other)
    const isWaiting = async () =>
      (await gateway.world.sql(`select 1 from pg_locks where not granted and pid <> pg_backend_pid()`)).length > 0
    await gateway.until(isWaiting)
    await expiring.query('commit')
    await expiring.end()
    await registered
    expect((await sessions(task)).map(({ open }) => open)).toEqual([false, true])
  })

  test('registered twice at once it has one session', async () => {
    const task = await gateway.task()
    const token = await gateway.token(task)
    const { address } = await fakeExecutor()
    await Promise.all(Array.from({ length: 5 }, () => gateway.register(task, address, token)))
    expect((await sessions(task)).filter(({ open }) => open)).toHaveLength(1)
  })

  test('what a person set stays: a beat brings nobody back from maintenance', async () => {
    const { task, executor, token } = await scene()
    await gateway.world.sql(
      `update executor set status = 'MAINTENANCE', status_set_by = 'somebody' where app_id = $1`,
      task.appId,
    )
    await gateway.register(task, executor.address, token)
    expect(await sessions(task)).toMatchObject([{ status: 'MAINTENANCE' }])
  })

  test('dead after 90 s without a beat: what it held is LOST and goes to others', async () => {
    const stage = await scene()
    const { run } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.world.sql(
      `update executor_session set lease_until = now() - interval '1 s' where app_id = $1`,
      stage.task.appId,
    )
    await reapLost(gateway.world.engine, true)
    expect(await gateway.world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })

  test('one that leaves gets nothing more; what it runs has half a minute, and a return within it is as if it had not left', async () => {
    const stage = await scene()
    const { task, token, executor } = stage
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    const body = { registryGroup: 'EXECUTOR', registryKey: task.appCode, registryValue: executor.address }
    await gateway.post('/xxl-job-admin/api/registryRemove', body, { 'xxl-job-access-token': token })
    expect(await sessions(task)).toMatchObject([{ status: 'OFFLINE', open: true }])
    expect((await sessions(task))[0]!.left).toBeLessThanOrEqual(30)
    await gateway.register(task, executor.address, token)
    expect(await sessions(task)).toMatchObject([{ status: 'ONLINE', open: true }])
    await gateway.callback(token, success(logId))
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
    await gateway.post('/api/registryRemove', body, { 'xxl-job-access-token': token })
    expect(await sessions(task)).toMatchObject([{ status: 'OFFLINE', open: false }])
  })

  test.each([
    ['nobody listens at its address', async () => 'http://127.0.0.1:1', 'Nobody listens at its address'],
    [
      'it refuses the token that it has shown',
      async () => (await fakeExecutor({ beat: no('The access token is wrong.') })).address,
      'The access token is wrong.',
    ],
  ])('where %s, that shows on the executor', async (_what, addressOf, reason) => {
    const task = await gateway.task()
    await gateway.register(task, await addressOf(), await gateway.token(task))
    const shown = async () =>
      (
        await gateway.world.sql<{ reason: string | null }>(
          `select status_reason as reason from executor where app_id = $1`,
          task.appId,
        )
      )[0]!.reason
    await gateway.until(async () => (await shown())?.includes(reason) ?? false)
  })

  test('what is known of an ended session goes with it', async () => {
    const { task } = await scene()
    await gateway.world.sql(
      `update executor_session set ended_at = now() - interval '2 days', end_reason = 'EXPIRED' where app_id = $1`,
      task.appId,
    )
    await gateway.world.db.engine((tx) => pruneSessions(tx))
    expect(await sessions(task)).toEqual([])
  })

  test('its token is kept sealed: no row holds it in clear', async () => {
    const { token } = await scene()
    const rows = await gateway.world.sql<{ text: string }>(`select encode(sealed, 'escape') || coalesce(s.call_token, '') as text
      from xxl_job_session x join executor_session s on s.tenant_id = x.tenant_id and s.id = x.session_id`)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.filter(({ text }) => text.includes(token) || text.includes('carillon_'))).toEqual([])
  })
})

describe('9 what no callback ends', () => {
  test('busy for long is fine and renews the lease; idle for long without a callback is LOST', async () => {
    const stage = await scene({ idleBeat: no('busy') })
    const { run, jobId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.world.sql(
      `update executor_session set lease_until = now() + interval '1 s' where app_id = $1`,
      stage.task.appId,
    )
    const look = async () => {
      await gateway.due()
      await gateway.keep()
    }
    await look()
    await look()
    expect(stage.executor.of('idleBeat')[0]!.body).toEqual({ jobId })
    const [session] = await gateway.world.sql<{ left: number }>(
      `select extract(epoch from lease_until - now())::int as left from executor_session where app_id = $1`,
      stage.task.appId,
    )
    expect(session!.left).toBeGreaterThan(85)
    stage.executor.answers['idleBeat'] = yes
    await look()
    expect(await stateOf(run)).toBe('RUNNING')
    stage.executor.answers['idleBeat'] = no('busy')
    await look()
    stage.executor.answers['idleBeat'] = yes
    await look()
    expect(await stateOf(run)).toBe('RUNNING')
    await look()
    expect(await gateway.world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })

  test('one that does not answer is not held for idle', async () => {
    const stage = await scene()
    const { run } = await sent(stage)
    await becomes(run, 'RUNNING')
    stage.executor.answers['idleBeat'] = () => null
    for (let looks = 0; looks < 4; looks++) {
      await gateway.due()
      await gateway.keep()
    }
    expect(await stateOf(run)).toBe('RUNNING')
  })

  test('a node that died between sending and writing down: where the executor is at work it counts as started', async () => {
    const stage = await scene({ run: () => new Promise(() => undefined), idleBeat: no('busy') })
    const { run, logId } = await sent(stage)
    expect((await attemptsOf(run))[0]).toMatchObject({ state: 'SENDING' })
    await gateway.due()
    await gateway.keep()
    expect(await stateOf(run)).toBe('RUNNING')
    await gateway.callback(stage.token, success(logId))
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('what such a node has sent is as good as any: its log is fetched, it can be killed, and idle it is LOST', async () => {
    const log = () => ({ code: 200, data: { fromLineNum: 1, toLineNum: 1, logContent: 'line\n', isEnd: false } })
    const stage = await scene({ idleBeat: no('busy'), log })
    const [one, other] = [await sent(stage), await sent(stage)]
    for (const { run } of [one, other]) {
      await becomes(run, 'RUNNING')
      await gateway.world.sql(`update xxl_job_attempt set state = 'SENDING' where instance_id = $1`, run)
      await gateway.world.sql(
        `update instance_live set state = 'RESERVED', deadline_at = now() + interval '1 minute' where id = $1`,
        run,
      )
    }
    const look = async () => {
      await gateway.due()
      await gateway.keep()
    }
    await look()
    await look()
    expect(await gateway.world.sql(`select text from log_line where instance_id = $1`, one.run)).toEqual([{ text: 'line' }])
    await gateway.world.db.engine((tx) => cancelRuns(tx, gateway.world.engine, stage.task.tenantId, [one.run]))
    await look()
    expect(stage.executor.of('kill')).toHaveLength(1)
    stage.executor.answers['idleBeat'] = yes
    await look()
    await look()
    expect(await gateway.world.run(other.run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })

  test('what such a node has sent is killed, where it is to stop before anybody knows whether it has arrived', async () => {
    const stage = await scene()
    const { run } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.world.sql(`update xxl_job_attempt set state = 'SENDING' where instance_id = $1`, run)
    await gateway.world.db.engine((tx) => cancelRuns(tx, gateway.world.engine, stage.task.tenantId, [run]))
    await gateway.due()
    await gateway.keep()
    expect(stage.executor.of('kill')).toHaveLength(1)
  })

  test('a node that died before sending: the reservation ends, nothing was sent', async () => {
    const stage = await scene({}, { node: { delivery: 'AT_MOST_ONCE' } })
    const run = await gateway.world.start(stage.task)
    const [session] = await gateway.world.sql<{ id: number; executorId: number }>(
      `select id, executor_id as "executorId" from executor_session where app_id = $1`,
      stage.task.appId,
    )
    await gateway.world.sql(
      `update instance_live set state = 'RESERVED', session_id = $2, executor_id = $3, token = 1, reserved_at = now(), deadline_at = now() where id = $1`,
      ...[run, session!.id, session!.executorId],
    )
    await timeOut(gateway.world.engine)
    expect(await gateway.world.run(run)).toMatchObject({ instance: 'LOST' })
    expect(stage.executor.of('run')).toEqual([])
  })
})

describe('10 logs', () => {
  const linesOf = (run: number) =>
    gateway.world.sql<{ seq: number; text: string }>(
      `select seq, text from log_line where instance_id = $1 order by attempt, seq`,
      run,
    )

  test('pages are fetched while it runs and after its end until there is nothing new; each line once', async () => {
    const log = ['one', 'two', 'three']
    // As Java: from line 1, to the end of the file; nothing new is `to` before `from`; never an end of its own.
    const readLog = ({ fromLineNum }: Record<string, unknown>) => {
      const from = fromLineNum as number
      const content = log.slice(from - 1).map((line) => `${line}\n`)
      return {
        code: 200,
        content: {
          fromLineNum: from,
          toLineNum: content.length === 0 ? 0 : log.length,
          logContent: content.join(''),
          isEnd: false,
        },
      }
    }
    const stage = await scene({ log: readLog, idleBeat: no('busy') })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    const look = async () => {
      await gateway.due()
      await gateway.keep()
    }
    await look()
    expect((await linesOf(run)).map(({ text }) => text)).toEqual(['one', 'two', 'three'])
    log.push('four')
    await look()
    await gateway.callback(stage.token, success(logId))
    log.push('five')
    await look()
    await look()
    expect(await linesOf(run)).toEqual(['one', 'two', 'three', 'four', 'five'].map((text, index) => ({ seq: index + 1, text })))
    const asked = stage.executor.of('log').length
    await look()
    expect(stage.executor.of('log')).toHaveLength(asked)
    const { body } = stage.executor.of('log')[0]!
    expect(body).toEqual({ logId, fromLineNum: 1, logDateTim: body['logDateTime'], logDateTime: expect.any(Number) })
  })

  test('a log that cannot be read is given up some time after the end', async () => {
    const stage = await scene({ log: no('No local logger found.') })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.callback(stage.token, success(logId))
    for (let looks = 0; looks < 8; looks++) {
      await gateway.due()
      await gateway.keep()
    }
    expect(stage.executor.of('log').length).toBe(5)
  })

  test('while its executor does not answer a log is not tried, and so not given up', async () => {
    const stage = await scene({ log: () => null })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.callback(stage.token, success(logId))
    const look = gateway.keeper()
    for (let looks = 0; looks < 8; looks++) {
      await gateway.due()
      await look()
    }
    expect(stage.executor.of('log')).toHaveLength(1)
    stage.executor.answers['log'] = () => ({
      code: 200,
      data: { fromLineNum: 1, toLineNum: 1, logContent: 'late\n', isEnd: true },
    })
    await gateway.due()
    await gateway.keep()
    expect((await linesOf(run)).map(({ text }) => text)).toEqual(['late'])
  })

  test('a log of very many lines, which comes in one page, is taken in piece by piece', async () => {
    const last = 50_000
    const text = Array.from({ length: last }, (_, line) => `${line + 1}\n`)
    const readLog = ({ fromLineNum }: Record<string, unknown>) => {
      const from = fromLineNum as number
      const page = {
        fromLineNum: from,
        toLineNum: from > last ? 0 : last,
        logContent: text.slice(from - 1).join(''),
        isEnd: false,
      }
      return { code: 200, data: page }
    }
    const stage = await scene({ log: readLog })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.callback(stage.token, success(logId))
    const stored = () =>
      gateway.world.sql<{ lines: number; last: number }>(
        `select count(*)::int as lines, max(text::int) as last from log_line where instance_id = $1`,
        run,
      )
    await gateway.until(async () => {
      await gateway.due()
      await gateway.keep()
      return (await stored())[0]!.last === last
    })
    expect(await stored()).toEqual([{ lines: last, last }])
  })

  test('a page that is too long is no silence: that executor is asked on', async () => {
    const stage = await scene({ log: () => ({ code: 200, data: { logContent: 'x'.repeat(17 * 2 ** 20) } }) })
    const { run } = await sent(stage)
    await becomes(run, 'RUNNING')
    for (let looks = 0; looks < 3; looks++) {
      await gateway.due()
      await gateway.keep()
    }
    // Idle, without a callback: not found as long as nobody asks.
    expect(await gateway.world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })

  test('two nodes that look at the same time write a line once', async () => {
    const stage = await scene({
      log: () => ({ code: 200, data: { fromLineNum: 1, toLineNum: 1, logContent: 'once\n', isEnd: true } }),
    })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.callback(stage.token, success(logId))
    await gateway.due()
    await Promise.all([gateway.keep(), gateway.keep()])
    expect((await linesOf(run)).map(({ text }) => text)).toEqual(['once'])
  })
})

test('10 a look that another node has overtaken, because it took too long, stores nothing', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let asked = 0
  const page = { code: 200, data: { fromLineNum: 1, toLineNum: 1, logContent: 'once\n', isEnd: true } }
  const stage = await scene({ log: () => (++asked === 1 ? held.then(() => page) : page) })
  const { run, logId } = await sent(stage)
  await becomes(run, 'RUNNING')
  await gateway.callback(stage.token, success(logId))
  await gateway.due()
  const slow = gateway.keep()
  await gateway.until(() => asked === 1)
  await gateway.due()
  await gateway.keep()
  release()
  await slow
  expect(asked).toBe(2)
  expect(await gateway.world.sql(`select text from log_line where instance_id = $1`, run)).toEqual([{ text: 'once' }])
})

describe('INV-17 secrets', () => {
  const SECRET = 'canary/4711 "quoted"'
  const REFERENCE = '${{ secrets.api-key }}'
  const stored = async (tenantId: number) =>
    gateway.world.db.engine(async (tx) => {
      const sealed = await TEST_VAULT.seal(tx, { tenantId, name: 'api-key', valueVersion: 1 }, SECRET)
      await insertSecret(tx, tenantId, { name: 'api-key', description: '', usableBy: {}, ...sealed, createdBy: 'test' })
    })
  const kept = async (tenantId: number) =>
    (
      await gateway.world.sql<{ text: string }>(
        `select output::text || coalesce(error::text, '') as text from instance_history where tenant_id = $1 and output is not null
         union all select error::text from instance_history where tenant_id = $1 and error is not null
         union all select text from log_line where tenant_id = $1`,
        tenantId,
      )
    ).map(({ text }) => text)

  test('that an executor writes into its log and its messages are masked as they come in', async () => {
    const page = { fromLineNum: 1, toLineNum: 1, logContent: `Param: ${SECRET}\n`, isEnd: true }
    const stage = await scene(
      { log: () => ({ code: 200, data: page }) },
      { node: { retry: NO_RETRY, params: { executorParam: REFERENCE } } },
    )
    await stored(stage.task.tenantId)
    const good = await sent(stage)
    expect(stage.executor.of('run')[0]!.body['executorParams']).toBe(SECRET)
    const bad = await sent(stage)
    await gateway.callback(
      stage.token,
      { logId: good.logId, handleCode: 200, handleMsg: JSON.stringify({ used: SECRET }) },
      { logId: bad.logId, handleCode: 500, handleMsg: `no access with ${SECRET}` },
    )
    await gateway.due()
    await gateway.keep()
    const texts = (await kept(stage.task.tenantId)).join('\n')
    expect(texts).toContain('{"used": "********"}')
    expect(texts).toContain('no access with ********')
    expect(texts).toContain('Param: ********')
    expect(texts).not.toContain('canary')
  })

  test('that it repeats as it refuses are masked too', async () => {
    const stage = await scene(
      { run: no(`cannot run with ${SECRET}`) },
      { node: { retry: NO_RETRY, params: { executorParam: REFERENCE } } },
    )
    await stored(stage.task.tenantId)
    const run = await gateway.world.start(stage.task)
    await gateway.dispatch()
    await becomes(run, 'FAILED')
    expect((await kept(stage.task.tenantId)).join()).toContain('cannot run with ********')
    expect(JSON.stringify(gateway.world.events)).not.toContain('canary')
  })
})

describe('11 kill', () => {
  const stop = async ({ task }: Scene, run: number) => {
    await gateway.world.db.engine((tx) => cancelRuns(tx, gateway.world.engine, task.tenantId, [run]))
  }

  test('a stop is a kill of the task there; the stop stands before it is sent, so "success" of the killed one is CANCELLED', async () => {
    const task = await gateway.task()
    const token = await gateway.token(task)
    const logIds: number[] = []
    const executor = await fakeExecutor({
      run: ({ logId }) => (logIds.push(logId as number), { code: 200 }),
      kill: async () => {
        await gateway.callback(token, success(logIds[0]!))
        return { code: 200 }
      },
    })
    await gateway.register(task, executor.address, token)
    const stage = { task, token, executor }
    const { run, jobId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await stop(stage, run)
    await gateway.cancel(task)
    await becomes(run, 'CANCELLED')
    expect(executor.of('kill').map(({ body }) => body)).toEqual([{ jobId }])
  })

  test('while a kill is on its way nothing of the task is sent to that executor', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const stage = await scene({ kill: () => held.then(() => ({ code: 200 })) })
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await stop(stage, run)
    await gateway.cancel(stage.task)
    await gateway.until(() => stage.executor.of('kill').length === 1)
    // Its callback comes, and the next run could begin.
    await gateway.callback(stage.token, success(logId))
    await becomes(run, 'CANCELLED')
    const next = await gateway.world.start(stage.task)
    await gateway.dispatch()
    await becomes(next, 'PENDING')
    expect(stage.executor.of('run')).toHaveLength(1)
    release()
    await gateway.until(async () => {
      await gateway.dispatch()
      return (await stateOf(next)) === 'RUNNING'
    })
  })

  test('a callback that came first is the result, and nothing is killed', async () => {
    const stage = await scene()
    const { run, logId } = await sent(stage)
    await becomes(run, 'RUNNING')
    await gateway.callback(stage.token, success(logId))
    await stop(stage, run)
    await gateway.cancel(stage.task)
    expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
    expect(stage.executor.of('kill')).toEqual([])
  })

  test('a stop whose hint was lost is passed on by the next look; once, as soon as it was heard', async () => {
    const stage = await scene()
    const { run } = await sent(stage)
    await becomes(run, 'RUNNING')
    await stop(stage, run)
    for (let looks = 0; looks < 3; looks++) {
      await gateway.due()
      await gateway.keep()
    }
    expect(stage.executor.of('kill')).toHaveLength(1)
  })

  test('a stop that comes while it is being sent is passed on as soon as it was: a kill before it would hit nothing', async () => {
    let answer = () => {}
    const answered = new Promise<void>((resolve) => (answer = resolve))
    const stage = await scene({ run: () => answered.then(() => ({ code: 200 })) })
    const { run } = await sent(stage)
    await stop(stage, run)
    await gateway.cancel(stage.task)
    expect(stage.executor.of('kill')).toEqual([])
    answer()
    await gateway.until(async () => (await attemptsOf(run))[0]!.state === 'SENT')
    await gateway.due()
    await gateway.keep()
    expect(stage.executor.of('kill')).toHaveLength(1)
  })

  test('one that cannot kill goes on; here the grace period ends it', async () => {
    const stage = await scene({ kill: no('not yet support'), idleBeat: no('busy') })
    const { run } = await sent(stage)
    await becomes(run, 'RUNNING')
    await stop(stage, run)
    await gateway.cancel(stage.task)
    await gateway.world.sql(`update instance_live set deadline_at = now() where id = $1`, run)
    await timeOut(gateway.world.engine)
    expect(await gateway.world.run(run)).toMatchObject({ run: 'CANCELLED' })
  })
})
