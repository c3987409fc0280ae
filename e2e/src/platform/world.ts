import { createClient, type Client, type ScheduleCreate } from '@carillon/contract'
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

/** Tenants, their app and tokens by SQL, as an administrator's seed; the rest as users do it, through the API. */
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
    schedules.push(...(await createSchedules(client, tenant.id, promised, tasks)))
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

/** All begin in the same second, some time from now: the first fire of each is known to the oracle without asking the product. */
async function createSchedules(
  client: Client,
  tenantId: number,
  tasks: readonly PromisedTask[],
  shapes: readonly TaskShape[],
): Promise<PromisedSchedule[]> {
  const firstAt = Math.ceil((Date.now() + FIRST_FIRE_MS) / EVEN_MS) * EVEN_MS
  const made: PromisedSchedule[] = []
  for (const { code, schedules } of shapes) {
    const taskId = tasks.find((task) => task.code === code)!.id
    for (const [place, { timing, params = {} }] of schedules.entries()) {
      const body = { code: `${code}-${place}`, task: code, timing: timingOf(timing, firstAt), startAt: firstAt, params }
      const schedule = await client.schedules.create({ body })
      made.push({ tenantId, id: schedule.id, taskId, timing, firstAt })
    }
  }
  return made
}

const FIRST_FIRE_MS = 5_000
/** A multiple of every step that schedules have. */
const EVEN_MS = 2_000

function timingOf(timing: EveryTiming, firstAt: number): ScheduleCreate['timing'] {
  return timing.kind === 'CRON'
    ? { kind: 'CRON', expression: `0/${timing.everySeconds} * * * * ?`, timezone: 'UTC' }
    : { kind: 'FIXED_RATE', everyMs: timing.everyMs, anchorAt: firstAt }
}

/** Pauses every schedule: what falls due from now on is decided, and does not run. Repeating it is harmless. */
export async function pauseSchedules({ tenants, promised }: World): Promise<void> {
  for (const { id, client } of tenants) {
    const schedules = promised.schedules.filter((schedule) => schedule.tenantId === id).map((schedule) => schedule.id)
    if (schedules.length === 0) continue
    const { failed } = await client.schedules.bulk({ body: { schedules: schedules.map(String), action: 'pause' } })
    if (failed > 0) throw new Error(`${failed} schedules could not be paused.`)
  }
}

/** Whether everything that was begun has ended: no live run, nothing on its way. */
export async function isQuiet(postgres: Postgres): Promise<boolean> {
  const [row] = await postgres.query<{ quiet: boolean }>(
    `select not exists (select from run_live) and not exists (select from instance_live) and not exists (select from outbox)
        and not exists (select from schedule_wake) and not exists (select from schedule_due where due_at < clock_timestamp() - interval '2 s') as quiet`,
  )
  return row!.quiet
}
