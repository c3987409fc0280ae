import type { Naming } from './xxl-tables.ts'

// Databases as xxl-job keeps them, of each naming, written for these tests: the columns are what an importer meets, no more.

type Value = string | number | null
export type Fields = Readonly<Record<string, Value>>

export interface TestDatabase {
  readonly naming: Naming
  readonly groups: readonly Fields[]
  readonly jobs: readonly Fields[]
  readonly users?: readonly Fields[]
  readonly logs?: readonly Fields[]
  readonly registry?: readonly Fields[]
}

const TITLE: Readonly<Record<Naming, string>> = { '2.1 – 2.2': 'title', '2.3 – 3.4': 'title', '3.5': 'name' }
const DESC: Readonly<Record<Naming, string>> = { '2.1 – 2.2': 'job_desc', '2.3 – 3.4': 'job_desc', '3.5': 'name' }

/** Columns with their types, in an order that is each naming's own: nothing may go by places. */
function tablesOf(naming: Naming): Readonly<Record<string, readonly string[]>> {
  const when =
    naming === '2.1 – 2.2'
      ? ['`job_cron` varchar(128) NOT NULL']
      : [
          "`schedule_type` varchar(50) NOT NULL DEFAULT 'NONE'",
          '`schedule_conf` varchar(128) DEFAULT NULL',
          "`misfire_strategy` varchar(50) NOT NULL DEFAULT 'DO_NOTHING'",
        ]
  const group = ['`id` int(11) NOT NULL AUTO_INCREMENT', '`app_name` varchar(64) NOT NULL']
  const title = `\`${TITLE[naming]}\` varchar(64) NOT NULL`
  const desc = `\`${DESC[naming]}\` varchar(255) NOT NULL`
  const address = ["`address_type` tinyint(4) NOT NULL DEFAULT '0'", '`address_list` text']
  return {
    xxl_job_group:
      naming === '3.5' ? [...group, '`access_token` varchar(255)', ...address, title] : [...group, title, ...address],
    xxl_job_info: [
      ...['`id` int(11) NOT NULL AUTO_INCREMENT', '`job_group` int(11) NOT NULL'],
      ...(naming === '2.1 – 2.2' ? [...when, desc] : [desc]),
      ...['`add_time` datetime DEFAULT NULL', '`author` varchar(64) DEFAULT NULL', '`alarm_email` varchar(255) DEFAULT NULL'],
      ...(naming === '2.1 – 2.2' ? [] : when),
      ...['`executor_route_strategy` varchar(50) DEFAULT NULL', '`executor_handler` varchar(255) DEFAULT NULL'],
      ...['`executor_param` text', '`executor_block_strategy` varchar(50) DEFAULT NULL'],
      ...["`executor_timeout` int(11) NOT NULL DEFAULT '0'", "`executor_fail_retry_count` int(11) NOT NULL DEFAULT '0'"],
      ...['`glue_type` varchar(50) NOT NULL', '`glue_source` mediumtext', '`child_jobid` varchar(255) DEFAULT NULL'],
      ...["`trigger_status` tinyint(4) NOT NULL DEFAULT '0'", "`trigger_last_time` bigint(13) NOT NULL DEFAULT '0'"],
      "`trigger_next_time` bigint(13) NOT NULL DEFAULT '0'",
    ],
    xxl_job_log: ['`id` bigint(20) NOT NULL AUTO_INCREMENT', '`job_id` int(11) NOT NULL', '`handle_msg` text'],
    xxl_job_registry: [
      '`id` int(11) NOT NULL AUTO_INCREMENT',
      '`registry_value` varchar(255) NOT NULL',
      '`update_time` datetime DEFAULT NULL',
    ],
    xxl_job_user: [
      '`id` int(11) NOT NULL AUTO_INCREMENT',
      ...['`username` varchar(50) NOT NULL', '`password` varchar(100) NOT NULL', '`role` tinyint(4) NOT NULL'],
      '`permission` varchar(255) DEFAULT NULL',
    ],
  }
}

export function createStatements(naming: Naming): string[] {
  return Object.entries(tablesOf(naming)).map(
    ([table, columns]) =>
      `CREATE TABLE \`${table}\` (\n  ${[...columns, 'PRIMARY KEY (`id`)'].join(',\n  ')}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  )
}

const rowsOf = ({
  groups,
  jobs,
  users = [],
  logs = [],
  registry = [],
}: TestDatabase): Readonly<Record<string, readonly Fields[]>> => ({
  ...{ xxl_job_group: groups, xxl_job_info: jobs, xxl_job_log: logs, xxl_job_registry: registry, xxl_job_user: users },
})

/** With the columns named, as a person would write them. */
export function insertStatements(database: TestDatabase): string[] {
  return Object.entries(rowsOf(database)).flatMap(([table, rows]) =>
    rows.map((row) => {
      const full = completed(database.naming, table, row)
      const names = Object.keys(full).map((name) => `\`${name}\``)
      return `INSERT INTO \`${table}\` (${names.join(',')}) VALUES (${Object.values(full).map(literal).join(',')})`
    }),
  )
}

/** As mysqldump writes it: by places, the rows of a table in one statement. */
export function dumpOf(database: TestDatabase): string {
  const tables = tablesOf(database.naming)
  const inserts = Object.entries(rowsOf(database)).map(([table, rows], index) => {
    const names = tables[table]!.map((column) => /`(\w+)`/.exec(column)![1]!)
    const tuples = rows.map((row) => {
      const full = completed(database.naming, table, row)
      return `(${names.map((name) => literal(full[name] ?? null)).join(',')})`
    })
    const insert =
      tuples.length === 0 ? '' : `LOCK TABLES \`${table}\` WRITE;\nINSERT INTO \`${table}\` VALUES ${tuples.join(',')};\n`
    return `DROP TABLE IF EXISTS \`${table}\`;\n${createStatements(database.naming)[index]};\n${insert}UNLOCK TABLES;\n`
  })
  return `-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\n${inserts.join('\n')}\n-- Dump completed on 2026-11-21 10:00:00\n`
}

const literal = (value: Value) =>
  typeof value === 'string' ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'` : String(value)

/** Columns that must hold something, and what people never say, under the names of the naming. */
function completed(naming: Naming, table: string, row: Fields): Fields {
  if (table === 'xxl_job_group') return renamed({ address_type: 0, title: 'Executors', ...row }, 'title', TITLE[naming])
  if (table === 'xxl_job_user') return { password: 'e10adc3949ba59abbe56e057f20f883e', role: 0, ...row }
  if (table !== 'xxl_job_info') return row
  const job = renamed({ job_desc: `Job ${row['id']}`, glue_type: 'BEAN', ...row }, 'job_desc', DESC[naming])
  if (naming !== '2.1 – 2.2') return job
  const { schedule_type: type, schedule_conf: conf, misfire_strategy: _, ...old } = job
  return { ...old, job_cron: type === 'CRON' ? (conf ?? '') : '' }
}

function renamed(row: Fields, from: string, to: string): Fields {
  const { [from]: value, ...rest } = row
  return { ...rest, [to]: value ?? null }
}

export const NAMINGS: readonly Naming[] = ['2.1 – 2.2', '2.3 – 3.4', '3.5']

/** One of everything, the same for each naming. */
export function ordersDatabase(naming: Naming): TestDatabase {
  const bean = { job_group: 1, glue_type: 'BEAN', executor_route_strategy: 'ROUND', executor_block_strategy: 'SERIAL_EXECUTION' }
  const cron = (conf: string) => ({ schedule_type: 'CRON', schedule_conf: conf })
  return {
    naming,
    groups: [
      { id: 1, app_name: 'order-service', title: '订单服务' },
      {
        id: 2,
        app_name: 'scripts',
        title: 'Scripts',
        address_type: 1,
        address_list: 'http://10.0.0.1:9999/,http://10.0.0.2:9999/',
      },
    ],
    jobs: [
      {
        ...{ id: 12, ...bean, ...cron('0 0 2 * * ?'), job_desc: "关闭过期订单; it's late", executor_handler: 'closeExpired' },
        ...{ executor_param: 'days=3\nregion="north"', author: 'ada', executor_timeout: 60, executor_fail_retry_count: 2 },
        ...{ trigger_status: 1, child_jobid: '13,14', trigger_next_time: 1_800_000_000_000 },
      },
      { id: 13, ...bean, schedule_type: 'NONE', schedule_conf: '', executor_handler: 'sendReport', child_jobid: '12' },
      {
        id: 14,
        ...bean,
        job_group: 2,
        glue_type: 'GLUE_SHELL',
        glue_source: "#!/bin/bash\necho 'hi \\n' $1\n",
        ...cron('0 * * * * ?'),
      },
    ],
    users: [
      { id: 1, username: 'admin', role: 1 },
      { id: 2, username: 'ada', role: 0, permission: '1,2' },
    ],
    logs: [
      { id: 4710, job_id: 12, handle_msg: "it's; done" },
      { id: 4711, job_id: 12, handle_msg: null },
    ],
  }
}
