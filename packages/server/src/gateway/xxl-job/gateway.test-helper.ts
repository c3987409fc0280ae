import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { hashToken, newSecret } from '../../definition/token.ts'
import { createCallTroubles } from '../../lifecycle/call-troubles.ts'
import { createPushDispatch, cancelPush, dispatchPush, markUnreachable, type PushDispatch } from '../../lifecycle/dispatch.ts'
import { createWorld, type TaskShape, type TestTask, type World } from '../../lifecycle/engine.test-helper.ts'
import { TEST_VAULT } from '../../testing/test-vault.ts'
import { createXxlJobClient } from './client.ts'
import { createKeeper, type Keeper, type Patience } from './look-after.ts'
import { serveXxlJob } from './routes.ts'
import { createXxlJobTransport, type GatewayDeps } from './transport.ts'

/** A server node with the gateway, and short words for what tests do with it. */
export interface Gateway {
  readonly world: World
  /** A task of the kind `xxl-job`. */
  task(shape?: TaskShape): Promise<TestTask>
  token(task: TestTask, options?: { readonly bound?: boolean }): Promise<string>
  /** POSTs as an executor does. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answered>
  /** Any request. */
  inject: ReturnType<typeof fastify>['inject']
  register(task: TestTask, address: string, token: string, headers?: Record<string, string>): Promise<void>
  callback(token: string, ...items: unknown[]): Promise<Answered>
  dispatch(): Promise<void>
  /** Tells executors what they are to stop. */
  cancel(task: TestTask): Promise<void>
  keep(patience?: Partial<Patience>): Promise<void>
  /** The same, by one node that remembers what it has met. */
  keeper(): () => Promise<void>
  /** All open attempts become due. */
  due(): Promise<void>
  /** Nobody else reads or writes the table until what it answers is called. */
  lock(table: string): Promise<() => Promise<void>>
  until(condition: () => Promise<boolean> | boolean): Promise<void>
  close(): Promise<void>
}

export interface Answered {
  readonly status: number
  readonly type: string
  readonly body: { readonly code: number; readonly msg: string | null; readonly content: null; readonly data: null }
}

export async function createGateway(): Promise<Gateway> {
  const world = await createWorld()
  const client = createXxlJobClient({ answerMs: 1_000 })
  const deps: GatewayDeps = {
    ...{ engine: world.engine, vault: TEST_VAULT, client },
    unreachable: (session) => markUnreachable(push, session),
    tell: createCallTroubles(world.engine),
  }
  const push: PushDispatch = createPushDispatch(createXxlJobTransport(deps))
  const app = fastify()
  serveXxlJob(app, deps)
  await app.ready()
  const gateway: Gateway = {
    world,
    inject: app.inject.bind(app) as Gateway['inject'],
    task: (shape = {}) =>
      world.task({ ...shape, node: { kind: 'xxl-job', handler: 'xxl-job', settings: { handler: 'greet' }, ...shape.node } }),
    async token(task, { bound = true } = {}) {
      const secret = newSecret()
      await world.sql(
        `insert into api_token (tenant_id, name, hash, role, app_id, created_by) values ($1, 'executors', $2, 'executor', $3, 'test')`,
        ...[task.tenantId, hashToken(secret), bound ? task.appId : null],
      )
      return secret
    },
    async post(path, body, headers = {}) {
      const answer = await app.inject({ method: 'POST', url: path, headers, payload: JSON.stringify(body) })
      return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json() }
    },
    async register(task, address, token, headers = {}) {
      const body = { registryGroup: 'EXECUTOR', registryKey: task.appCode, registryValue: address }
      const answer = await gateway.post('/api/registry', body, { 'xxl-job-access-token': token, ...headers })
      if (answer.body.code !== 200) throw new Error(answer.body.msg!)
    },
    callback: (token, ...items) => gateway.post('/api/callback', items, { 'xxl-job-access-token': token }),
    async dispatch() {
      push.unreachable.clear()
      await dispatchPush(world.engine, push)
    },
    async cancel(task) {
      for (const { id } of await world.sql<{ id: number }>(
        `select id from executor_session where app_id = $1 and ended_at is null`,
        task.appId,
      ))
        await cancelPush(world.engine, push, id)
    },
    keep: (patience = {}) => lookOf(createKeeper(deps, { ...EAGER, ...patience }))(),
    keeper: () => lookOf(createKeeper(deps, EAGER)),
    async due() {
      await world.sql(`update xxl_job_attempt set look_at = now() where look_at is not null`)
    },
    async lock(table) {
      const client = new pg.Client({ connectionString: world.url })
      await client.connect()
      await client.query(`begin; lock table ${table}`)
      return () => client.end()
    },
    async until(condition) {
      for (const end = performance.now() + 15_000; performance.now() < end;) {
        if (await condition()) return
        await new Promise((resolve) => setImmediate(resolve))
      }
      throw new Error('It did not come to that.')
    },
    async close() {
      await app.close()
      await client.close()
      await world.close()
    },
  }
  return gateway
}

const EAGER: Patience = { probeMs: 0, idleMs: 0, logMs: 1, longestLogMs: 1 }

const lookOf = (keeper: Keeper) => async () => {
  await keeper.step()
  await keeper.settle()
}

type Body = Record<string, unknown>
export interface Call {
  readonly action: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: Body
}
/** What an executor answers: a body, or `null` where it hangs up without an answer. */
type Answering = (body: Body) => unknown

/** An executor that does what a test says, where the real ones do not do it: by the last part of the path. */
export interface FakeExecutor {
  readonly address: string
  readonly calls: Call[]
  of(action: string): readonly Call[]
  answers: Record<string, Answering>
}

export const yes = () => ({ code: 200 })
export const no = (msg: string) => () => ({ code: 500, msg })

/** `respond`: in place of the answers. */
export async function fakeExecutor(
  answers: Record<string, Answering> = {},
  respond?: (response: ServerResponse) => unknown,
): Promise<FakeExecutor> {
  const fake: FakeExecutor = {
    ...{ address: '', calls: [], answers },
    of: (action) => fake.calls.filter((call) => call.action === action),
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const text = Buffer.concat(chunks).toString()
      const body = (text === '' ? {} : JSON.parse(text)) as Body
      const action = request.url!.split('/').at(-1)!
      fake.calls.push({ action, headers: request.headers, text, body })
      if (respond) return void respond(response)
      const answer = await (fake.answers[action] ?? yes)(body)
      if (answer === null) request.socket.destroy()
      else response.setHeader('content-type', 'text/html;charset=UTF-8').end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  })
  return Object.assign(fake, { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
