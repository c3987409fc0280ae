import type { Assignment, ReportItem } from '@carillon/contract'
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_RETRY,
  isPlaced,
  type MisfirePolicy,
  type Plan,
  type PlanNode,
  type ScheduleTiming,
} from '@carillon/core'
import { createWakeHub } from '../runtime/wake-hub.ts'
import { computedProblems } from '../definition/params-schema.ts'
import { openDatabase, type Database } from '../storage/database.ts'
import { createTestDatabase } from '../testing/test-database.ts'
import { TEST_VAULT } from '../testing/test-vault.ts'
import { claimInstances, type Claimed } from './claim.ts'
import { DEFAULT_ENGINE_SETTINGS, type Engine, type EngineSettings } from './engine.ts'
import { createHistoryDays } from './history-days.ts'
import { createPlanCache } from './plan-cache.ts'
import { createQueueCache } from './queue-cache.ts'
import { createWaitingClaims } from './waiting-claims.ts'
import { applyReports, type ItemAnswer } from './report.ts'
import { createSecretCache } from './secret-cache.ts'
import { createScheduleCache } from './schedule-cache.ts'
import { register } from './sessions.ts'
import { startRuns, type RunStart, type RunStarted } from './start-runs.ts'
import type { FiringDeps } from './fire-schedules.ts'

/**
 * A database with an engine on it, and short words for what tests do: make a task, start runs, be an executor, read rows. Only what a
 * test cares about is named in it.
 */
export interface World {
  readonly db: Database
  /** Of the database, as its owner. */
  readonly url: string
  readonly engine: Engine
  readonly firing: FiringDeps
  /** Events reported by the engine, in order. */
  readonly events: { event: string; details: Record<string, unknown> }[]
  sql<Row = Record<string, unknown>>(text: string, ...values: unknown[]): Promise<Row[]>
  tenant(code?: string): Promise<number>
  task(shape?: TaskShape): Promise<TestTask>
  start(task: TestTask, more?: Partial<RunStart>): Promise<number>
  startAll(starts: readonly RunStart[]): Promise<RunStarted[]>
  executor(task: TestTask, capacity?: number, instance?: string): Promise<TestExecutor>
  schedule(task: TestTask, shape: ScheduleShape): Promise<number>
  /** The ledger of a schedule, oldest first. */
  ledger(scheduleId: number): Promise<LedgerRow[]>
  /** A second server node on the same database. */
  secondNode(): { engine: Engine; firing: FiringDeps; close(): Promise<void> }
  /** Where a run and its instance stand: live or in history. */
  run(
    runId: number,
  ): Promise<{ run: string; instance: string | null; reason: string | null; waits: string | null; attempt: number }>
  close(): Promise<void>
}

export interface TaskShape {
  readonly tenantId?: number
  readonly code?: string
  readonly concurrency?: Plan['concurrency']
  readonly priority?: number
  readonly downstream?: Plan['downstream']
  readonly node?: Partial<PlanNode>
  readonly ratePerSecond?: number
}

export interface ScheduleShape {
  readonly timing: ScheduleTiming
  readonly misfire?: MisfirePolicy
  /** The first undecided occurrence. */
  readonly nextFireAt: number | null
  readonly paused?: boolean
  readonly jitterMs?: number
}

export interface LedgerRow {
  readonly fireAt: number
  readonly lastFireAt: number
  readonly count: number
  readonly outcome: string
  readonly reason: string
  readonly runId: number | null
}

export interface TestTask {
  readonly tenantId: number
  readonly id: number
  readonly appId: number
  readonly appCode: string
  readonly handler: string
  readonly queueId: number
  readonly planId: number
}

export interface TestExecutor {
  readonly session: number
  readonly tenantId: number
  claim(max?: number, seq?: number): Promise<readonly Assignment[]>
  claimed(max?: number, seq?: number): Promise<Claimed>
  report(...items: ReportItem[]): Promise<ItemAnswer[]>
}

let named = 0
const name = (kind: string) => `${kind}-${++named}`

function createNode(url: string, settings: Partial<EngineSettings>, report: Engine['report']) {
  const db = openDatabase({ url })
  const hub = createWakeHub()
  const engine: Engine = {
    db,
    plans: createPlanCache(),
    secrets: createSecretCache(TEST_VAULT),
    queues: createQueueCache(hub),
    hub,
    claims: createWaitingClaims(),
    paramsProblems: computedProblems,
    settings: { ...DEFAULT_ENGINE_SETTINGS, ...settings },
    random: () => 0.5,
    report,
  }
  const firing: FiringDeps = { engine, schedules: createScheduleCache(), days: createHistoryDays(db) }
  return { db, engine, firing }
}

export async function createWorld(settings: Partial<EngineSettings> = {}): Promise<World> {
  const database = await createTestDatabase()
  const events: World['events'] = []
  const report: Engine['report'] = (event, details) => void events.push({ event, details })
  const { db, engine, firing } = createNode(database.url, settings, report)
  const sql: World['sql'] = (text, ...values) => db.engine((tx) => tx.query({ name: '', text }, values))
  const world: World = {
    db,
    url: database.url,
    engine,
    firing,
    events,
    sql,
    async tenant(code = name('tenant')) {
      const [row] = await sql<{ id: number }>(`insert into tenant (code, name) values ($1, $1) returning id`, code)
      return row!.id
    },
    task: (shape = {}) => createTask(world, shape),
    async start(task, more = {}) {
      const [result] = await world.startAll([startOf(task, more)])
      if (result?.kind !== 'STARTED') throw new Error(JSON.stringify(result))
      return result.runId
    },
    startAll: (starts) => db.engine((tx) => startRuns(tx, engine, starts)),
    executor: (task, capacity = 100, instance = name('executor')) => createTestExecutor(world, task, capacity, instance),
    schedule: (task, shape) => createSchedule(world, task, shape),
    ledger: (scheduleId) =>
      sql<LedgerRow>(
        `select fire_at as "fireAt", last_fire_at as "lastFireAt", count, outcome, reason, run_id as "runId" from fire where schedule_id = $1 order by fire_at`,
        scheduleId,
      ),
    secondNode() {
      const node = createNode(database.url, settings, report)
      return { ...node, close: () => node.db.close() }
    },
    run: (runId) => readRun(world, runId),
    async close() {
      await db.close()
      await database.drop()
    },
  }
  return world
}

export function startOf(task: TestTask, more: Partial<RunStart> = {}): RunStart {
  return { tenantId: task.tenantId, target: { kind: 'TASK', id: task.id }, origin: 'API', startedBy: 'test', params: {}, ...more }
}

async function createTask(world: World, shape: TaskShape): Promise<TestTask> {
  const tenantId = shape.tenantId ?? (await world.tenant())
  const code = shape.code ?? name('task')
  const handler = shape.node?.handler ?? name('handler')
  const [app] = await world.sql<{ id: number }>(
    `insert into app (tenant_id, code, name) values ($1, $2, $2) returning id`,
    tenantId,
    name('app'),
  )
  const [task] = await world.sql<{ id: number }>(`select nextval('carillon_id') as id`)
  const rateKey = shape.ratePerSecond === undefined ? null : `task:${task!.id}`
  if (rateKey !== null) {
    await world.sql(
      `insert into rate_bucket (tenant_id, key, per_second, burst, tokens) values ($1, $2, $3::float8, greatest(1, $3::float8), greatest(1, $3::float8))`,
      tenantId,
      rateKey,
      shape.ratePerSecond,
    )
  }
  const [queue] = await world.sql<{ id: number }>(
    `insert into queue (app_tenant_id, app_id, handler, rate_tenant_id, rate_key, route_key) values ($1, $2, $3, $4, $5, $6) returning id`,
    tenantId,
    app!.id,
    handler,
    rateKey && tenantId,
    rateKey,
    shape.node?.route && isPlaced(shape.node.route) ? `task:${task!.id}` : null,
  )
  const node: PlanNode = {
    code,
    kind: 'handler',
    handler,
    queueId: queue!.id,
    settings: {},
    params: {},
    paramsSchema: null,
    variables: {},
    timeoutMs: 300_000,
    retry: DEFAULT_RETRY,
    delivery: 'AT_LEAST_ONCE',
    route: 'ROUND_ROBIN',
    ...shape.node,
  }
  const plan: Plan = {
    targetKind: 'TASK',
    targetId: task!.id,
    code,
    version: 1,
    concurrency: shape.concurrency ?? DEFAULT_CONCURRENCY,
    priority: shape.priority ?? 5,
    nodes: [node],
    downstream: shape.downstream ?? [],
    searchable: [],
  }
  const [type] = await world.sql<{ id: number }>(
    `insert into task_type (tenant_id, code, name, kind, app_id, app_tenant_id) values ($1, $2, $2, 'handler', $3, $1) returning id`,
    tenantId,
    name('type'),
    app!.id,
  )
  const [stored] = await world.sql<{ id: number }>(
    `insert into plan (tenant_id, target_kind, target_id, body) values ($1, 'TASK', $2, $3::jsonb) returning id`,
    tenantId,
    task!.id,
    JSON.stringify(plan),
  )
  await world.sql(
    `insert into task (tenant_id, id, code, name, type_id, plan_id) values ($1, $2, $3, $3, $4, $5)`,
    tenantId,
    task!.id,
    code,
    type!.id,
    stored!.id,
  )
  const [saved] = await world.sql<{ code: string }>(`select code from app where id = $1`, app!.id)
  return { tenantId, id: task!.id, appId: app!.id, appCode: saved!.code, handler, queueId: queue!.id, planId: stored!.id }
}

async function createSchedule(world: World, task: TestTask, shape: ScheduleShape): Promise<number> {
  const [schedule] = await world.sql<{ id: number }>(
    `insert into schedule (tenant_id, code, target_kind, target_id, timing, misfire, paused, jitter_ms)
     values ($1, $2, 'TASK', $3, $4::jsonb, $5::jsonb, $6, $7) returning id`,
    task.tenantId,
    name('schedule'),
    task.id,
    JSON.stringify(shape.timing),
    JSON.stringify(shape.misfire ?? { policy: 'FIRE_ONCE' }),
    shape.paused ?? false,
    shape.jitterMs ?? 0,
  )
  await world.sql(
    `insert into schedule_due (tenant_id, schedule_id, next_fire_at, due_at) values ($1, $2, at_ms($3), at_ms($3))`,
    task.tenantId,
    schedule!.id,
    shape.nextFireAt,
  )
  return schedule!.id
}

async function createTestExecutor(world: World, task: TestTask, capacity: number, instance: string): Promise<TestExecutor> {
  const { session } = await register(
    world.engine,
    { tenantId: task.tenantId, appId: null },
    { protocol: 1, app: task.appCode, instance, mode: 'PULL', handlers: [task.handler], capacity },
  )
  const turn = { tenant: 0 }
  let next = 1
  const claimed = (max = 100, seq = next++) =>
    claimInstances(world.engine, turn, { tenantId: task.tenantId, sessionId: session, seq, max })
  return {
    session,
    tenantId: task.tenantId,
    claimed,
    claim: async (max, seq) => (await claimed(max, seq)).assignments,
    report: (...items) =>
      world.db.lease((tx) =>
        applyReports(
          tx,
          world.engine,
          items.map((item) => ({ tenantId: task.tenantId, sessionId: session, item })),
        ),
      ),
  }
}

async function readRun(world: World, runId: number) {
  const [row] = await world.sql<{
    run: string
    instance: string | null
    reason: string | null
    waits: string | null
    attempt: number
  }>(
    `select r.state as run, r.reason, i.state as instance, i.wait_reason as waits, i.attempt
     from (select * from run_live union all select * from run_history) r
     left join (select * from instance_live union all select * from instance_history) i on i.tenant_id = r.tenant_id and i.run_id = r.id
     where r.id = $1`,
    runId,
  )
  if (!row) throw new Error(`There is no run ${runId}.`)
  return row
}

export const success = (assignment: Assignment, output?: unknown): ReportItem => ({
  kind: 'SUCCESS',
  instance: assignment.instance,
  token: assignment.token,
  ...(output === undefined ? {} : { output }),
})
export const failure = (assignment: Assignment, code = 'BROKEN'): ReportItem => ({
  kind: 'FAILURE',
  instance: assignment.instance,
  token: assignment.token,
  error: { code, message: 'It broke.' },
})
export const started = (assignment: Assignment): ReportItem => ({
  kind: 'STARTED',
  instance: assignment.instance,
  token: assignment.token,
})
