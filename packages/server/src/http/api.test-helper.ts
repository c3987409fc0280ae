import { randomBytes } from 'node:crypto'
import {
  SESSION_COOKIE,
  callbackRoutes,
  createClient,
  executorRoutes,
  successStatus,
  type Client,
  type Route,
} from '@carillon/contract'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FastifyInstance, InjectOptions } from 'fastify'
import pg from 'pg'
import { expect } from 'vitest'
import type { Role } from '@carillon/core'
import { computedProblems } from '../definition/params-schema.ts'
import { createLifecycle } from '../lifecycle/create-lifecycle.ts'
import { DEFAULT_ENGINE_SETTINGS, type Engine } from '../lifecycle/engine.ts'
import { createExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import { fireSchedules, type FiringDeps } from '../lifecycle/fire-schedules.ts'
import { createHistoryDays } from '../lifecycle/history-days.ts'
import { createPlanCache } from '../lifecycle/plan-cache.ts'
import { createQueueCache } from '../lifecycle/queue-cache.ts'
import { createWaitingClaims } from '../lifecycle/waiting-claims.ts'
import { createSecretCache } from '../lifecycle/secret-cache.ts'
import { createScheduleCache } from '../lifecycle/schedule-cache.ts'
import { createWakeHub } from '../runtime/wake-hub.ts'
import { openDatabase, type Database } from '../storage/database.ts'
import { createTestDatabase } from '../testing/test-database.ts'
import { TEST_VAULT } from '../testing/test-vault.ts'
import { createApi } from './api.ts'
import { callbackHandlers } from './callback-api.ts'
import { executorHandlers } from './executor-api.ts'
import { createKnownTasks } from '../lifecycle/known-tasks.ts'
import { hashToken, newSecret } from '../definition/token.ts'

/** The API over a database of its own, called without a socket; and what tests say about it. */
export interface TestApi {
  readonly app: FastifyInstance
  readonly db: Database
  /** SQL as the superuser, past every policy. */
  readonly root: pg.Client
  readonly tenantA: TestTenant
  readonly tenantB: TestTenant
  /** For what its loops do on a server node: `continueRuns(api.engine)`. */
  readonly engine: Engine
  readonly firing: FiringDeps
  /** One turn of firing. */
  fire(): Promise<number>
  /** A token of the platform's administrator. */
  readonly platform: string
  token(tenantId: number, role: Role, more?: { platformAdmin?: boolean }): Promise<string>
  /** A session of a user; answers the header `cookie`. */
  signIn(userId: number): Promise<string>
  client(token: string, tenant?: string): Client
  call(call: TestCall): Promise<TestAnswer>
  close(): Promise<void>
}

export interface TestTenant {
  readonly id: number
  readonly code: string
  /** Token of an owner. */
  readonly owner: string
  readonly client: Client
}

export interface TestCall {
  readonly method: string
  readonly url: string
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface TestAnswer {
  readonly status: number
  readonly text: string
  readonly body: any
  readonly headers: Record<string, unknown>
}

export interface TestApiOptions {
  readonly corsOrigins?: readonly string[]
  readonly bodyBytes?: number
  readonly trustProxy?: boolean
  readonly onFault?: (error: unknown) => void
}

export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = await createTestDatabase()
  const root = new pg.Client({ connectionString: database.url })
  await root.connect()
  const db = openDatabase({ url: database.url })
  const limits = { bodyBytes: options.bodyBytes ?? 5_000_000, paramsBytes: 65_536, schemaBytes: 65_536, resultBytes: 65_536 }
  const engine = createEngine(db)
  const firing: FiringDeps = { engine, schedules: createScheduleCache(), days: createHistoryDays(db) }
  const lifecycle = createLifecycle(engine, { wakeFiring: () => undefined, wakeBackfill: () => undefined })
  const traffic = executorHandlers(createExecutorTraffic(engine), {
    egressOf: () => ({ allowPrivate: false }),
    callbackBase: () => 'http://127.0.0.1:7070',
  })
  const app = createApi(
    {
      services: {
        db,
        lifecycle,
        limits,
        plans: engine.plans,
        tasks: createKnownTasks(),
        vault: TEST_VAULT,
        hub: engine.hub,
        days: firing.days,
        nodeId: 'node-1',
        sessions: { idleMs: 43_200_000, longestMs: 604_800_000 },
        shardGoneMs: engine.settings.shardGoneMs,
      },
      corsOrigins: options.corsOrigins ?? [],
      trustProxy: options.trustProxy ?? false,
      inspect: assertContract,
      onFault: options.onFault ?? ((error) => console.error(error)),
    },
    [
      { name: 'executor', routes: executorRoutes, handlers: traffic },
      { name: 'callback', routes: callbackRoutes, handlers: callbackHandlers(engine) },
    ],
  )
  const token = makeToken.bind(null, root)
  const client = (secret: string, tenant?: string) =>
    createClient({ baseUrl: '', token: secret, fetch: fetchFrom(app), ...(tenant === undefined ? {} : { tenant }) })
  const tenant = async (code: string): Promise<TestTenant> => {
    const { rows } = await root.query(`insert into tenant (code, name) values ($1, $1) returning id`, [code])
    const id = Number(rows[0].id)
    const owner = await token(id, 'owner')
    return { id, code, owner, client: client(owner) }
  }
  return {
    app,
    db,
    root,
    tenantA: await tenant('tenant-a'),
    tenantB: await tenant('tenant-b'),
    platform: await token(1, 'owner', { platformAdmin: true }),
    token,
    signIn: signInAs.bind(null, root),
    client,
    call: (call) => inject(app, call),
    engine,
    firing,
    fire: () => fireSchedules(firing),
    async close() {
      await app.close()
      await db.close()
      await root.end()
      await database.drop()
    },
  }
}

async function makeToken(root: pg.Client, tenantId: number, role: Role, more: { platformAdmin?: boolean } = {}): Promise<string> {
  const secret = `carillon_${randomBytes(32).toString('base64url')}`
  await root.query(
    `insert into api_token (tenant_id, name, hash, role, platform_admin, created_by) values ($1, $2, $3, $4, $5, 'test')`,
    [tenantId, `${role}-${tenantId}`, hashToken(secret), role, more.platformAdmin ?? false],
  )
  return secret
}

async function signInAs(root: pg.Client, userId: number): Promise<string> {
  const secret = newSecret()
  await root.query(
    `insert into user_session (user_id, hash, address, expires_at) values ($1, $2, '127.0.0.1', now() + interval '1 day')`,
    [userId, hashToken(secret)],
  )
  return `${SESSION_COOKIE}=${secret}`
}

async function inject(app: FastifyInstance, { method, url, token, body, headers }: TestCall): Promise<TestAnswer> {
  const answer = await app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.statusCode, text: answer.payload, body: parsed(answer.payload), headers: answer.headers }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fetchFrom(app: FastifyInstance) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const answer = await app.inject({
      method: (init.method ?? 'GET') as NonNullable<InjectOptions['method']>,
      url,
      headers: init.headers as Record<string, string>,
      ...(init.body === undefined ? {} : { payload: init.body as string }),
    })
    const body = answer.statusCode === 204 ? null : answer.payload
    return new Response(body, { status: answer.statusCode, headers: answer.headers as Record<string, string> })
  }
}

const ajv = new Ajv2020({ strict: false, allErrors: true })

/** Every answer of every test is what the contract says: no field more, none less. */
function assertContract(route: Route, answer: unknown): void {
  const schema = route.responses[successStatus(route)]!
  if (successStatus(route) === 204 || route.produces) return
  const onTheWire: unknown = JSON.parse(JSON.stringify(answer))
  if (!ajv.validate(schema, onTheWire))
    throw new Error(`${route.method} ${route.path} answered what its contract does not say: ${ajv.errorsText()}`)
}

function createEngine(db: Database): Engine {
  const hub = createWakeHub()
  return {
    db,
    plans: createPlanCache(),
    secrets: createSecretCache(TEST_VAULT),
    queues: createQueueCache(hub),
    hub,
    claims: createWaitingClaims(),
    paramsProblems: computedProblems,
    settings: DEFAULT_ENGINE_SETTINGS,
    random: () => 0.5,
    report: () => undefined,
  }
}

/** The refusal that a call of the client is expected to end in. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ code: string; message: string; problems: readonly { path: string }[]; extra: Record<string, unknown> }> {
  const error = await call.then(
    () => expect.fail('The call was expected to be refused.'),
    (reason: unknown) => reason,
  )
  return error as never
}
