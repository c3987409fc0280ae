import { createClient, type Client } from '@carillon/contract'
import { createHash, randomBytes } from 'node:crypto'
import type { Postgres } from '../harness/postgres.ts'
import type { Promised, PromisedSchedule, PromisedTask } from '../record/promised.ts'
import { limitOf, type EveryTiming, type TaskShape } from './tasks.ts'

/** Tenants with their tasks and schedules, and what was thereby promised. */
export interface World {
  readonly tenants: readonly TenantWorld[]
  readonly promised: Promised
}

export interface TenantWorld {
  readonly id: number
  readonly code: string
  readonly client: Client
  readonly owner: string
  /** Of the executors of its app. */
  readonly executorToken: string
  readonly app: string
  readonly tasks: readonly PromisedTask[]
}

const APP = 'work'

/** Tenants, app and tokens by SQL, as an administrator's seed; the rest as users do it, through the API. */
export async function createWorld(
  postgres: Postgres,
  server: string,
  { tenants, tasks }: { readonly tenants: readonly string[]; readonly tasks: readonly TaskShape[] },
): Promise<World> {
  const made: TenantWorld[] = []
  const schedules: PromisedSchedule[] = []
  for (const code of tenants) {
    const tenant = await createTenant(postgres, code)
    const client = createClient({ baseUrl: server, token: tenant.owner })
    const promised = await createTasks(client, tenant.id, tasks)
    made.push({ ...tenant, client, tasks: promised })
    schedules.push(...(await createSchedules(postgres, tenant.id, promised, tasks)))
  }
  return { tenants: made, promised: { tasks: made.flatMap((tenant) => tenant.tasks), schedules } }
}

async function createTenant(postgres: Postgres, code: string) {
  const [tenant] = await postgres.query<{ id: number }>(`insert into tenant (code, name) values ($1, $1) returning id`, [code])
  const { id } = tenant!
  const [app] = await postgres.query<{ id: number }>(`insert into app (tenant_id, code, name) values ($1, $2, $2) returning id`, [
    id,
    APP,
  ])
  const owner = await createToken(postgres, id, 'owner', null)
  const executorToken = await createToken(postgres, id, 'executor', app!.id)
  return { id, code, owner, executorToken, app: APP }
}

async function createToken(postgres: Postgres, tenantId: number, role: string, appId: number | null): Promise<string> {
  const secret = `carillon_${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(secret).digest()
  await postgres.query(
    `insert into api_token (tenant_id, name, hash, role, app_id, created_by) values ($1, $2, $3, $2, $4, 'seed')`,
    [tenantId, role, hash, appId],
  )
  return secret
}

async function createTasks(client: Client, tenantId: number, shapes: readonly TaskShape[]): Promise<PromisedTask[]> {
  await client.taskTypes.create({
    body: {
      code: 'work',
      kind: 'handler',
      app: APP,
      settings: { handler: 'work' },
      defaults: { retry: { maxRetries: 2, backoff: 'FIXED', delayMs: 0 }, timeoutMs: 20_000 },
    },
  })
  const made: PromisedTask[] = []
  for (const shape of shapes) {
    const task = await client.tasks.create({
      body: {
        code: shape.code,
        type: 'work',
        params: shape.params,
        ...(shape.policies && { policies: shape.policies }),
        ...(shape.then && { downstream: [{ task: shape.then }] }),
      },
    })
    made.push({
      tenantId,
      id: task.id,
      code: shape.code,
      delivery: task.effective.delivery,
      limit: limitOf(shape),
      leads: shape.then !== undefined,
    })
  }
  return made
}

async function createSchedules(
  postgres: Postgres,
  tenantId: number,
  tasks: readonly PromisedTask[],
  shapes: readonly TaskShape[],
): Promise<PromisedSchedule[]> {
  const [clock] = await postgres.query<{ now: number }>(`select to_ms(clock_timestamp()) as now`)
  const made: PromisedSchedule[] = []
  for (const { code, schedules } of shapes) {
    const taskId = tasks.find((task) => task.code === code)!.id
    for (const [place, { timing, params = {} }] of schedules.entries()) {
      const firstAt = firstFire(timing, clock!.now + 1_000)
      const id = await createSchedule(postgres, { tenantId, taskId, code: `${code}-${place}`, timing, params, firstAt })
      made.push({ tenantId, id, taskId, timing, firstAt, endAt: null })
    }
  }
  return made
}

/** The next multiple of the schedule's step, so that schedules of one step fall due in the same instant. */
function firstFire(timing: EveryTiming, after: number): number {
  const step = timing.kind === 'CRON' ? timing.everySeconds * 1_000 : timing.everyMs
  return Math.ceil(after / step) * step
}

interface NewSchedule {
  readonly tenantId: number
  readonly taskId: number
  readonly code: string
  readonly timing: EveryTiming
  readonly params: Readonly<Record<string, unknown>>
  readonly firstAt: number
}

async function createSchedule(postgres: Postgres, schedule: NewSchedule): Promise<number> {
  const { tenantId, taskId, code, timing, params, firstAt } = schedule
  const stored =
    timing.kind === 'CRON'
      ? { kind: 'CRON', expression: `0/${timing.everySeconds} * * * * ?`, timezone: 'UTC', dst: 'DEFAULT' }
      : { kind: 'FIXED_RATE', everyMs: timing.everyMs, anchorAt: firstAt }
  const [row] = await postgres.query<{ id: number }>(
    `with made as (
       insert into schedule (tenant_id, code, target_kind, target_id, timing, params) values ($1, $2, 'TASK', $3, $4, $5) returning tenant_id, id),
     due as (insert into schedule_due (tenant_id, schedule_id, next_fire_at, due_at) select tenant_id, id, at_ms($6), at_ms($6) from made)
     select id from made`,
    [tenantId, code, taskId, JSON.stringify(stored), JSON.stringify(params), firstAt],
  )
  return row!.id
}

/** Lets every schedule end at an instant that has not been planned yet, and answers the promise with that end. */
export async function endSchedules(postgres: Postgres, promised: Promised): Promise<Promised> {
  const [row] = await postgres.query<{ endAt: number }>(
    `with held as (select tenant_id, schedule_id from schedule_due order by tenant_id, schedule_id for update),
     ending as (select (to_ms(clock_timestamp()) / 1000 + 4) * 1000 as at),
     ended as (
       update schedule s set end_at = at_ms(ending.at), version = s.version + 1 from held, ending
       where s.tenant_id = held.tenant_id and s.id = held.schedule_id)
     select at as "endAt" from ending`,
  )
  return { ...promised, schedules: promised.schedules.map((schedule) => ({ ...schedule, endAt: row!.endAt })) }
}

/** Whether everything that was begun has ended: nothing to fire, no live run, nothing on its way. */
export async function isQuiet(postgres: Postgres): Promise<boolean> {
  const [row] = await postgres.query<{ quiet: boolean }>(
    `select not exists (select from schedule_due where due_at is not null) and not exists (select from run_live)
        and not exists (select from instance_live) and not exists (select from outbox) and not exists (select from schedule_wake) as quiet`,
  )
  return row!.quiet
}
