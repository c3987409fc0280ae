import type {
  AppView,
  AuditRecord,
  CalendarView,
  Client,
  Dag,
  DagTemplate,
  ExecutorView,
  Instance,
  Member,
  Run,
  ScheduleView,
  SecretView,
  Task,
  TaskType,
  Tenant,
  Token,
  User,
} from '@carillon/contract'
import { durationOf, momentOf } from './moment.ts'
import { styleOfState } from './states.ts'
import type { Column } from './table.ts'

/** What `get` and `describe` know of a kind of object: how to list and read it, and which columns people look for. */
export interface Kind {
  readonly name: string
  readonly list: (
    client: Client,
    query: object,
  ) => Promise<{ readonly items: readonly object[]; readonly nextCursor?: string | null }>
  readonly read?: (client: Client, ref: string) => Promise<object>
  readonly columns: readonly Column<never>[]
}

interface Definition<Row extends object> {
  readonly list: (
    client: Client,
    query: object,
  ) => Promise<{ readonly items: readonly Row[]; readonly nextCursor?: string | null }>
  readonly read?: (client: Client, ref: string) => Promise<object>
  readonly columns: readonly Column<Row>[]
}

function kind<Row extends object>(name: string, definition: Definition<Row>): Kind {
  return { name, ...definition }
}

const yes = (value: boolean) => (value ? 'yes' : 'no')
const code = { title: 'CODE', text: (row: { code: string }) => row.code }
const name = { title: 'NAME', text: (row: { name: string }) => row.name }
const id = { title: 'ID', text: (row: { id: number }) => String(row.id), align: 'right' as const }
const HEALTH_STYLES = { HEALTHY: 'green', UNKNOWN: 'dim', UNHEALTHY: 'red' } as const
const enabled = { title: 'ENABLED', text: (row: { enabled: boolean }) => yes(row.enabled) }

type TaskItem = Awaited<ReturnType<Client['tasks']['list']>>['items'][number]

type DagItem = Awaited<ReturnType<Client['dags']['list']>>['items'][number]

export const RUN_COLUMNS: readonly Column<Run>[] = [
  id,
  { title: 'TARGET', text: ({ task, dag }) => (task ?? dag)?.code ?? String((task ?? dag)?.id) },
  { title: 'STATE', text: (run) => run.state, style: (run) => styleOfState(run.state) },
  { title: 'ORIGIN', text: (run) => run.schedule?.code ?? run.origin.toLowerCase() },
  { title: 'PLANNED', text: (run) => momentOf(run.fireAt) },
  { title: 'CREATED', text: (run) => momentOf(run.createdAt) },
  {
    title: 'TOOK',
    text: (run) => (run.startedAt === null || run.endedAt === null ? '-' : durationOf(run.endedAt - run.startedAt)),
    align: 'right',
  },
]

export const KINDS: readonly Kind[] = [
  kind<TaskType>('task-types', {
    list: (client, query) => client.taskTypes.list({ query }),
    read: (client, type) => client.taskTypes.get({ params: { type } }),
    columns: [
      code,
      name,
      { title: 'KIND', text: (type) => type.kind },
      { title: 'APP', text: (type) => type.app?.code ?? '-' },
      enabled,
    ],
  }),
  kind<TaskItem>('tasks', {
    list: (client, query) => client.tasks.list({ query }),
    read: (client, task) => client.tasks.get({ params: { task } }) satisfies Promise<Task>,
    columns: [
      code,
      name,
      { title: 'TYPE', text: (task) => task.type.code },
      enabled,
      {
        title: 'LAST RUN',
        text: (task) => task.lastRun?.state ?? '-',
        style: (task) => task.lastRun && styleOfState(task.lastRun.state),
      },
      { title: 'NEXT FIRE', text: (task) => momentOf(task.nextFireAt) },
    ],
  }),
  kind<ScheduleView>('schedules', {
    list: (client, query) => client.schedules.list({ query }),
    read: (client, schedule) => client.schedules.get({ params: { schedule } }),
    columns: [
      code,
      { title: 'TASK', text: (schedule) => (schedule.task ?? schedule.dag)!.code },
      { title: 'WHEN', text: whenOf },
      { title: 'PAUSED', text: (schedule) => yes(schedule.paused) },
      { title: 'LAST FIRE', text: (schedule) => momentOf(schedule.lastFireAt) },
      { title: 'NEXT FIRE', text: (schedule) => momentOf(schedule.nextFireAt) },
    ],
  }),
  kind<CalendarView>('calendars', {
    list: (client, query) => client.calendars.list({ query }),
    read: (client, calendar) => client.calendars.get({ params: { calendar } }),
    columns: [
      code,
      name,
      { title: 'TIMEZONE', text: (calendar) => calendar.timezone },
      { title: 'DAYS', text: (calendar) => String(calendar.days.length), align: 'right' },
    ],
  }),
  kind<DagItem>('dags', {
    list: (client, query) => client.dags.list({ query }),
    read: (client, dag) => client.dags.get({ params: { dag } }) satisfies Promise<Dag>,
    columns: [
      code,
      name,
      { title: 'ACTIVE', text: (dag) => (dag.active === null ? '-' : `v${dag.active}`) },
      { title: 'GRAY', text: (dag) => (dag.gray === null ? '-' : `v${dag.gray.number} ${dag.gray.percent}%`) },
      enabled,
      {
        title: 'LAST RUN',
        text: (dag) => dag.lastRun?.state ?? '-',
        style: (dag) => dag.lastRun && styleOfState(dag.lastRun.state),
      },
      { title: 'NEXT FIRE', text: (dag) => momentOf(dag.nextFireAt) },
    ],
  }),
  kind<DagTemplate>('dag-templates', {
    list: (client) => client.dagTemplates.list(),
    read: (client, template) => client.dagTemplates.get({ params: { template } }),
    columns: [
      code,
      name,
      { title: 'SECRETS', text: ({ secrets }) => secrets.join(', ') || '-' },
      { title: 'DESCRIPTION', text: ({ description }) => description },
    ],
  }),
  kind<Run>('runs', {
    list: (client, query) => client.runs.list({ query }),
    read: (client, run) => client.runs.get({ params: { run } }),
    columns: RUN_COLUMNS,
  }),
  kind<Instance>('instances', {
    list: (client, query) => client.instances.list({ query }),
    read: (client, instance) => client.instances.get({ params: { instance } }),
    columns: [
      id,
      { title: 'RUN', text: (instance) => String(instance.runId), align: 'right' },
      { title: 'TASK', text: ({ nodeCode, task }) => nodeCode ?? task?.code ?? String(task?.id) },
      { title: 'STATE', text: (instance) => instance.state, style: (instance) => styleOfState(instance.state) },
      { title: 'ATTEMPT', text: (instance) => String(instance.attempt), align: 'right' },
      { title: 'EXECUTOR', text: (instance) => instance.executor?.instance ?? '-' },
      { title: 'STARTED', text: (instance) => momentOf(instance.startedAt) },
      { title: 'ENDED', text: (instance) => momentOf(instance.endedAt) },
    ],
  }),
  kind<AppView>('apps', {
    list: (client, query) => client.apps.list({ query }),
    read: (client, app) => client.apps.get({ params: { app } }),
    columns: [
      code,
      name,
      { title: 'PAUSED', text: (app) => yes(app.paused) },
      { title: 'EXECUTORS', text: (app) => `${app.executors.available}/${app.executors.total}`, align: 'right' },
    ],
  }),
  kind<ExecutorView>('executors', {
    list: (client, query) => client.executors.list({ query }),
    read: (client, executor) => client.executors.get({ params: { executor } }),
    columns: [
      id,
      { title: 'APP', text: (executor) => executor.app.code },
      { title: 'INSTANCE', text: (executor) => executor.instance },
      { title: 'MODE', text: (executor) => executor.mode },
      {
        title: 'STATUS',
        text: (executor) => executor.status,
        style: (executor) => (executor.status === 'ONLINE' ? 'green' : 'yellow'),
      },
      {
        title: 'HEALTH',
        text: (executor) => executor.health,
        style: (executor) => HEALTH_STYLES[executor.health],
      },
      { title: 'LOAD', text: (executor) => `${executor.running}/${executor.capacity}`, align: 'right' },
    ],
  }),
  kind<Token>('tokens', {
    list: (client, query) => client.tokens.list({ query }),
    read: (client, token) => client.tokens.get({ params: { token } }),
    columns: [
      id,
      name,
      { title: 'ROLE', text: (token) => token.role },
      { title: 'APP', text: (token) => token.app?.code ?? '-' },
      { title: 'CREATED', text: (token) => momentOf(token.createdAt) },
      { title: 'EXPIRES', text: (token) => momentOf(token.expiresAt) },
      { title: 'REVOKED', text: (token) => momentOf(token.revokedAt), style: () => 'dim' },
    ],
  }),
  kind<SecretView>('secrets', {
    list: (client, query) => client.secrets.list({ query }),
    read: (client, secret) => client.secrets.get({ params: { secret } }),
    columns: [
      name,
      { title: 'VALUE', text: (secret) => `number ${secret.valueVersion}` },
      { title: 'FOR', text: (secret) => Object.values(secret.usableBy).flat().join(', ') || 'all' },
      { title: 'ROTATED', text: (secret) => momentOf(secret.rotatedAt) },
      { title: 'DESCRIPTION', text: (secret) => secret.description },
    ],
  }),
  kind<Member>('members', {
    list: (client, query) => client.members.list({ query }),
    columns: [
      { title: 'LOGIN', text: (member) => member.user.login },
      { title: 'NAME', text: (member) => member.user.name },
      { title: 'ROLE', text: (member) => member.role },
    ],
  }),
  kind<AuditRecord>('audit', {
    list: (client, query) => client.audit.list({ query }),
    columns: [
      { title: 'AT', text: (record) => momentOf(record.at) },
      { title: 'WHO', text: (record) => record.principal },
      { title: 'OPERATION', text: (record) => record.operation },
      {
        title: 'OBJECT',
        text: (record) => (record.objectId === null ? record.objectKind : `${record.objectKind} ${record.objectId}`),
      },
      { title: 'FROM', text: (record) => record.address ?? '-' },
    ],
  }),
  kind<Tenant>('tenants', {
    list: (client, query) => client.tenants.list({ query }),
    read: (client, tenant) => client.tenants.get({ params: { tenant } }),
    columns: [
      code,
      name,
      { title: 'STATE', text: (tenant) => tenant.state },
      { title: 'WEIGHT', text: (tenant) => String(tenant.weight), align: 'right' },
    ],
  }),
  kind<User>('users', {
    list: (client, query) => client.users.list({ query }),
    read: (client, user) => client.users.get({ params: { user } }),
    columns: [
      id,
      { title: 'LOGIN', text: (user) => user.login },
      name,
      { title: 'PLATFORM', text: (user) => yes(user.platformAdmin) },
      { title: 'DISABLED', text: (user) => yes(user.disabled) },
    ],
  }),
]

function whenOf({ timing }: ScheduleView): string {
  switch (timing.kind) {
    case 'CRON':
      return `${timing.expression} (${timing.timezone})`
    case 'FIXED_RATE':
      return `every ${durationOf(timing.everyMs)}`
    case 'FIXED_DELAY':
      return `${durationOf(timing.delayMs)} after the end`
    case 'ONCE':
      return `once, ${momentOf(timing.at)}`
    case 'MANUAL':
      return 'by hand'
  }
}
