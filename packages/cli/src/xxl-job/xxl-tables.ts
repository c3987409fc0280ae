import type { TableEvent, Wanted } from './read-dump.ts'
import type { Cell } from './sql-text.ts'

/** What is read of an xxl-job database, whatever version it is of. Passwords, tokens, logs and registrations are not. */
export interface XxlDatabase {
  readonly naming: Naming
  readonly groups: readonly XxlGroup[]
  readonly jobs: readonly XxlJob[]
  readonly users: readonly XxlUser[]
  /** The highest number that a run's log has had, as far as the database tells. */
  readonly lastLogId: number | null
}

export interface XxlGroup {
  readonly id: number
  readonly appName: string
  readonly title: string
  /** Addresses typed by hand; empty where executors register by themselves. */
  readonly addresses: readonly string[]
}

export interface XxlJob {
  readonly id: number
  readonly groupId: number
  readonly name: string
  readonly author: string
  readonly alarmEmail: string
  readonly scheduleType: string
  readonly scheduleConf: string
  readonly misfire: string
  readonly route: string
  readonly handler: string
  readonly param: string
  readonly block: string
  readonly timeoutSeconds: number
  readonly failRetries: number
  readonly glueType: string
  readonly glueSource: string
  /** As it stands there: numbers, or what people typed. */
  readonly children: readonly string[]
  /** It was started: the old admin fires it. */
  readonly running: boolean
  /** Epoch milliseconds; null: none. */
  readonly nextAt: number | null
}

export interface XxlUser {
  readonly name: string
  readonly admin: boolean
  /** Groups that a user who is no administrator may manage. */
  readonly groupIds: readonly string[]
}

/** How a version names its columns. Told apart by the columns of `xxl_job_info`, never by a version: databases do not say theirs. */
const NAMINGS = [
  { naming: '2.1 – 2.2', has: ['job_desc', 'job_cron'] },
  { naming: '2.3 – 3.4', has: ['job_desc', 'schedule_type'] },
  { naming: '3.5', has: ['name', 'schedule_type'] },
] as const
export type Naming = (typeof NAMINGS)[number]['naming']

/** The tables and columns that are read, under all their names. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  xxl_job_group: ['id', 'app_name', 'title', 'name', 'address_type', 'address_list'],
  xxl_job_info: [
    ...['id', 'job_group', 'job_desc', 'name', 'author', 'alarm_email', 'job_cron', 'schedule_type', 'schedule_conf'],
    ...['misfire_strategy', 'executor_route_strategy', 'executor_handler', 'executor_param', 'executor_block_strategy'],
    ...['executor_timeout', 'executor_fail_retry_count', 'glue_type', 'glue_source', 'child_jobid', 'trigger_status'],
    ...['trigger_next_time'],
  ],
  xxl_job_user: ['username', 'role', 'permission'],
  xxl_job_log: ['id'],
}
const SETS = new Map(Object.entries(COLUMNS).map(([table, columns]) => [table, new Set(columns)]))

export const wantedOfXxl: Wanted = (table) => SETS.get(table)

/** The database is not one of xxl-job, or is not whole. */
export class NotXxlJob extends Error {
  override readonly name = 'NotXxlJob'
}

type Row = ReadonlyMap<string, Cell>

export async function readXxlTables(events: AsyncIterable<TableEvent>): Promise<XxlDatabase> {
  const columns = new Map<string, readonly string[]>()
  const rows = { xxl_job_group: [] as Row[], xxl_job_info: [] as Row[], xxl_job_user: [] as Row[] }
  let lastLogId = 0
  for await (const event of events) {
    if (event.kind === 'TABLE') {
      if (columns.has(event.table) && SETS.has(event.table))
        throw new NotXxlJob(`it has the table ${event.table} twice: of several databases, take the one of xxl-job alone`)
      columns.set(event.table, event.columns)
      if (event.table === 'xxl_job_log') lastLogId = Math.max(lastLogId, Number(event.autoIncrement ?? 1) - 1)
    } else if (event.table === 'xxl_job_log') lastLogId = Math.max(lastLogId, Number(event.row.get('id')))
    else rows[event.table as keyof typeof rows].push(event.row)
  }
  const naming = namingOf(columns)
  const groups = rows.xxl_job_group.map(groupOf)
  const jobs = rows.xxl_job_info.map((row) => jobOf(row))
  assertUnique('xxl_job_group', groups)
  assertUnique('xxl_job_info', jobs)
  const byId = (a: { id: number }, b: { id: number }) => a.id - b.id
  return {
    naming,
    groups: groups.sort(byId),
    jobs: jobs.sort(byId),
    users: rows.xxl_job_user.map(userOf).sort((a, b) => (a.name < b.name ? -1 : 1)),
    lastLogId: lastLogId > 0 ? lastLogId : null,
  }
}

function namingOf(tables: ReadonlyMap<string, readonly string[]>): Naming {
  const info = tables.get('xxl_job_info')
  if (!info || !tables.has('xxl_job_group')) throw new NotXxlJob(whatElse([...tables.keys()]))
  const missing = ['id', 'job_group', 'executor_handler'].filter((column) => !info.includes(column))
  const found = NAMINGS.find(({ has }) => has.every((column) => info.includes(column)))
  if (found && missing.length === 0) return found.naming
  const expected = missing.length > 0 ? missing.join(', ') : 'job_cron or schedule_type, and job_desc or name'
  throw new NotXxlJob(`its table xxl_job_info lacks the columns ${expected}; it has ${info.join(', ')}`)
}

function whatElse(tables: readonly string[]): string {
  if (tables.some((table) => table.startsWith('xxl_job_qrtz_')))
    return 'it is of an xxl-job before 2.1, which kept its jobs in Quartz tables. Upgrade that to 2.1 or later first'
  const lacks = ['xxl_job_info', 'xxl_job_group'].filter((table) => !tables.includes(table)).join(' and ')
  if (tables.length === 0) return `it has no table ${lacks}, nor any other`
  const shown = tables.slice(0, 8).join(', ')
  return `it has no table ${lacks}; it has ${shown}${tables.length > 8 ? ` and ${tables.length - 8} more` : ''}`
}

function assertUnique(table: string, rows: readonly { readonly id: number }[]): void {
  const seen = new Set<number>()
  for (const { id } of rows) {
    if (!Number.isSafeInteger(id)) throw new NotXxlJob(`a row of ${table} has no number in its column id`)
    if (seen.has(id))
      throw new NotXxlJob(`${table} has the number ${id} twice: of several databases, take the one of xxl-job alone`)
    seen.add(id)
  }
}

function groupOf(row: Row): XxlGroup {
  const manual = numberIn(row, 'address_type') === 1
  return {
    id: Number(row.get('id') ?? NaN),
    appName: textIn(row, 'app_name').trim(),
    title: textIn(row, row.has('title') ? 'title' : 'name').trim(),
    addresses: manual ? listIn(row, 'address_list') : [],
  }
}

function jobOf(row: Row): XxlJob {
  const nextAt = numberIn(row, 'trigger_next_time')
  return {
    id: Number(row.get('id') ?? NaN),
    groupId: numberIn(row, 'job_group'),
    name: textIn(row, row.has('job_desc') ? 'job_desc' : 'name').trim(),
    author: textIn(row, 'author').trim(),
    alarmEmail: textIn(row, 'alarm_email').trim(),
    ...scheduleOf(row),
    misfire: textIn(row, 'misfire_strategy') || 'DO_NOTHING',
    route: textIn(row, 'executor_route_strategy') || 'FIRST',
    handler: textIn(row, 'executor_handler').trim(),
    param: textIn(row, 'executor_param'),
    block: textIn(row, 'executor_block_strategy') || 'SERIAL_EXECUTION',
    timeoutSeconds: numberIn(row, 'executor_timeout'),
    failRetries: numberIn(row, 'executor_fail_retry_count'),
    glueType: textIn(row, 'glue_type') || 'BEAN',
    glueSource: textIn(row, 'glue_source'),
    children: listIn(row, 'child_jobid'),
    running: numberIn(row, 'trigger_status') === 1,
    nextAt: nextAt > 0 ? nextAt : null,
  }
}

function scheduleOf(row: Row): Pick<XxlJob, 'scheduleType' | 'scheduleConf'> {
  if (row.has('schedule_type'))
    return { scheduleType: textIn(row, 'schedule_type') || 'NONE', scheduleConf: textIn(row, 'schedule_conf').trim() }
  const cron = textIn(row, 'job_cron').trim()
  return { scheduleType: cron === '' ? 'NONE' : 'CRON', scheduleConf: cron }
}

function userOf(row: Row): XxlUser {
  return { name: textIn(row, 'username'), admin: numberIn(row, 'role') === 1, groupIds: listIn(row, 'permission') }
}

const textIn = (row: Row, column: string) => row.get(column) ?? ''
const numberIn = (row: Row, column: string) => Number(row.get(column) ?? 0) || 0
const listIn = (row: Row, column: string) =>
  textIn(row, column)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
