import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMariadb } from '../../../runner/src/mariadb.test-helper.ts'
import { run as runAnywhere, sharedEnv } from '../testing/run.ts'
import { sharedClient } from '../testing/tasks.ts'
import {
  createStatements,
  dumpOf,
  insertStatements,
  ordersDatabase,
  type TestDatabase,
} from '../xxl-job/xxl-database.test-helper.ts'

let folder: string
let tenants = 0
let tenant: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-import-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Each story has a tenant of its own: what it imports and starts touches nobody. */
async function newTenant(): Promise<void> {
  tenant = `imports-${process.pid}-${(tenants += 1)}`
  await sharedClient().tenants.create({ body: { code: tenant, name: tenant } })
}

const run = (...args: string[]) => runAnywhere(args, { ...sharedEnv(), CARILLON_TENANT: tenant })
const get = async (...args: string[]) => JSON.parse((await run('get', ...args, '--json')).out) as Record<string, unknown>[]

function write(content: string | Buffer, name = 'xxl_job.sql'): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const importing = (path: string, ...more: string[]) => run('import', 'xxl-job', '--dump', path, '--timezone', 'Asia/Shanghai', '--executors', 'carillon', ...more) // prettier-ignore

const orders = ordersDatabase('2.3 – 3.4')
const changed = (job: object): TestDatabase => ({
  ...orders,
  jobs: orders.jobs.map((each) => (each['id'] === 12 ? { ...each, ...job } : each)),
})

test('first a plan is shown, and nothing is changed; it needs no server', async () => {
  await newTenant()
  const { code, out, err } = await runAnywhere(
    ['import', 'xxl-job', '--dump', write(dumpOf(orders)), '--timezone', 'Asia/Shanghai', '--executors', 'carillon'],
    { CARILLON_DATA_DIR: folder, HOME: folder },
  )
  expect(code).toBe(0)
  expect(out).toContain('xxl-12  关闭过期订单')
  expect(out).toContain('- job 13: Its child job: the link closes a loop: 13 → 12 → 13.')
  expect(out).toContain('ada (groups 1, 2)')
  expect(out).not.toContain('e10adc3949ba59abbe56e057f20f883e')
  expect(err).toBe('Nothing has been changed. With --apply it is imported, all schedules paused.\n')
})

test('child jobs become a DAG where that is wanted, which its root’s schedule fires; changing one’s mind is refused', async () => {
  await newTenant()
  const tree = { ...orders, jobs: orders.jobs.map((job) => (job['id'] === 12 ? job : { ...job, trigger_status: 0 })) }
  const path = write(dumpOf(tree))
  const { code, out } = await importing(path, '--children', 'dag', '--apply')
  expect(code).toBe(0)
  expect(out).toContain('DAG xxl-12-tree: xxl-12 → xxl-13, xxl-12 → xxl-14.')
  expect(out).toContain('- job 13: Its child job: the link closes a loop: 13 → 12 → 13.')
  expect((await get('dags')).map(({ code: dag, active }) => [dag, active])).toEqual([['xxl-12-tree', 1]])
  const [schedule] = (await get('schedules')).filter(({ code: of }) => of === 'xxl-12')
  expect(schedule).toMatchObject({ paused: true, task: null, dag: { code: 'xxl-12-tree' } })
  expect((await importing(path, '--children', 'dag', '--apply')).err).toContain('0 created, 0 changed')
  const { code: refused, err } = await importing(path, '--apply')
  expect(refused).not.toBe(0)
  expect(err).toContain('Schedule xxl-12')
})

test('it is imported with all schedules paused, and importing it again changes nothing', async () => {
  await newTenant()
  const path = write(dumpOf(orders))
  const first = await importing(path, '--apply')
  expect(first.err).toBe(
    '10 created, 0 changed, 0 unchanged.\nSchedules that xxl-job fired: 1. Stop its admin, then: --activate --xxl-job-is-stopped.\n',
  )
  expect((await get('schedules')).map(({ code, paused, nextFireAt }) => [code, paused, nextFireAt !== undefined])).toEqual(
    expect.arrayContaining([['xxl-12', true, true], ['xxl-14', true, true]]), // prettier-ignore
  )
  const { out } = await run('get', 'task', 'xxl-12', '-o', 'yaml')
  expect(out).toContain('executorParam: |-\n    days=3\n    region="north"\n')
  expect(out).toMatch(/downstream:\n  - task: xxl-13\n.*  - task: xxl-14\n/s)
  expect((await get('tasks', '-f', 'label=xxl-job.id=12')).map(({ code }) => code)).toEqual(['xxl-12'])
  const again = await importing(path, '--apply')
  expect(again.err).toContain('0 created, 0 changed, 8 unchanged.\n')
  expect(again.code).toBe(0)
})

test('what xxl-job fired fires once its admin is said to be stopped, and no import stops it again', async () => {
  await newTenant()
  const path = write(dumpOf(orders))
  await importing(path, '--apply')
  const early = await importing(path, '--activate')
  expect(early).toMatchObject({ code: 2, out: '' })
  expect(early.err).toContain('--activate would make everything fire twice')
  const paused = async () => Object.fromEntries((await get('schedules')).map((each) => [each['code'], each['paused']]))
  expect(await paused()).toEqual({ 'xxl-12': true, 'xxl-14': true })
  const { err, code } = await importing(path, '--activate', '--xxl-job-is-stopped')
  expect({ err, code }).toEqual({ err: 'Schedules that fire from now on: 1.\n', code: 0 })
  expect(await paused()).toEqual({ 'xxl-12': false, 'xxl-14': true })
  expect((await importing(path, '--apply')).err).toContain('0 created, 0 changed')
  expect(await paused()).toEqual({ 'xxl-12': false, 'xxl-14': true })
})

test('a later dump brings what has changed in xxl-job meanwhile, and leaves the apps that are there as they are', async () => {
  await newTenant()
  await run('apply', '-f', write('kind: App\ncode: order-service\nname: Ours\nratePerSecond: 5\n', 'app.yaml'))
  await importing(write(dumpOf(orders)), '--apply')
  const later = changed({ schedule_conf: '0 30 3 * * ?', job_desc: 'Renamed' })
  const { out, err } = await importing(write(dumpOf(later)), '--apply')
  expect(err).toContain('0 created, 2 changed')
  expect(out).toContain('~ /timing/expression: "0 0 2 * * ?" → "0 30 3 * * ?"')
  expect(await get('app', 'order-service')).toMatchObject({ name: 'Ours', ratePerSecond: 5 })
})

test('executors whose addresses were typed into xxl-job are registered once, and get no work before the cut-over', async () => {
  await newTenant()
  const path = write(dumpOf(orders))
  const unchanged = (...args: string[]) => runAnywhere(['import', 'xxl-job', '--dump', path, '--timezone', 'Asia/Shanghai', ...args], { ...sharedEnv(), CARILLON_TENANT: tenant }, token) // prettier-ignore
  const token = /carillon_[A-Za-z0-9_-]{43}/.exec((await run('token', 'create', 'old-executors', '--role', 'executor')).out)![0]
  const seen = async () =>
    Object.fromEntries((await get('executors')).map((each) => [each['instance'], [each['status'], each['protocol']]]))
  expect((await unchanged('--apply')).err).toContain('Executors that are not registered: 2. Their token is wanted')
  expect(await seen()).toEqual({})
  const { code, out, err } = await unchanged('--apply', '--executor-token')
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('Executors registered, in maintenance: 2.') as string })
  expect(out).toContain('The executors of scripts at http://10.0.0.1:9999/, http://10.0.0.2:9999/ do not register.')
  const [one, two] = ['http://10.0.0.1:9999/', 'http://10.0.0.2:9999/'] as const
  const waits = ['MAINTENANCE', 'XXL_JOB']
  expect(await seen()).toEqual({ [one]: waits, [two]: waits })
  expect((await unchanged('--apply', '--executor-token')).err).toContain('Executors registered, in maintenance: 0.')
  // What a person says of one is not undone.
  await run('executors', 'maintenance', `scripts/${two}`, '--reason', 'sold')
  expect((await unchanged('--activate', '--xxl-job-is-stopped')).err).toContain('Executors that get work from now on: 1.\n')
  expect(await seen()).toEqual({ [one]: ['OFFLINE', 'XXL_JOB'], [two]: waits })
})

test('what was not imported cannot be activated, which is told', async () => {
  await newTenant()
  const { code, err } = await importing(write(dumpOf(orders)), '--activate', '--xxl-job-is-stopped')
  expect(code).toBe(4)
  expect(err).toContain('Not resumed: xxl-12')
})

test('what is more than one request can hold comes in several, what is referred to first', async () => {
  await newTenant()
  const chain = (id: number) => (id % 20 === 1 ? null : String(id - 1))
  const jobs = Array.from({ length: 150 }, (_, at) => ({ ...orders.jobs[0]!, id: at + 1, child_jobid: chain(at + 1) }))
  const path = write(dumpOf({ ...orders, jobs }))
  const { err } = await importing(path, '--apply')
  expect(err).toContain('303 created, 0 changed, 0 unchanged.\nSchedules that xxl-job fired: 150.')
  expect((await importing(path, '--activate', '--xxl-job-is-stopped')).err).toBe('Schedules that fire from now on: 150.\n')
  expect((await importing(path, '--apply')).err).toContain('0 created, 0 changed, 301 unchanged')
})

test('programs get the plan with what became of it', async () => {
  await newTenant()
  const { out } = await importing(write(dumpOf(orders)), '--apply', '--json')
  expect(JSON.parse(out)).toMatchObject({
    ...{ naming: '2.3 – 3.4', timezone: 'Asia/Shanghai', lastLogId: 4711, resumed: null },
    tasks: [{ job: 12, code: 'xxl-12', ran: true }, { job: 13 }, { job: 14 }],
    findings: expect.arrayContaining([expect.objectContaining({ kind: 'LEFT_OUT', jobs: [13] })]) as unknown[],
  })
  expect((JSON.parse(out) as { applied: unknown[] }).applied).toHaveLength(10)
})

test('a database that runs is read; while beats show that its admin runs, nothing is activated', async () => {
  await newTenant()
  const server = await startMariadb()
  const connection = await createConnection(server.url)
  const live = (...more: string[]) =>
    runAnywhere(['import', 'xxl-job', '--timezone', 'UTC', '--executors', 'carillon', ...more], {
      ...{ ...sharedEnv(), CARILLON_TENANT: tenant, CARILLON_XXL_JOB_MYSQL: server.url },
    })
  try {
    for (const sql of [...createStatements(orders.naming), ...insertStatements(orders)]) await connection.query(sql)
    expect((await live('--apply')).err).toContain('10 created')
    await connection.query("INSERT INTO xxl_job_registry VALUES (1, 'http://10.0.0.1:9999', NOW())")
    const refused = await live('--activate', '--xxl-job-is-stopped')
    expect(refused).toMatchObject({ code: 4, out: '' })
    expect(refused.err).toContain('The admin of xxl-job runs')
    await connection.query('UPDATE xxl_job_registry SET update_time = NOW() - INTERVAL 5 MINUTE')
    expect((await live('--activate', '--xxl-job-is-stopped')).err).toBe('Schedules that fire from now on: 1.\n')
  } finally {
    connection.destroy()
    await server.stop()
  }
})

test('a dump is read gzipped, and as PowerShell redirects it', async () => {
  await newTenant()
  const utf16 = Buffer.from(`\uFEFF${dumpOf(orders)}`, 'utf16le')
  for (const path of [write(gzipSync(dumpOf(orders)), 'xxl_job.sql.gz'), write(utf16, 'utf16.sql')])
    expect((await importing(path)).out).toContain('xxl-12  关闭过期订单')
})

test.each([
  [
    'another product',
    'CREATE TABLE `wp_posts` (`id` int);',
    'is no database of xxl-job: it has no table xxl_job_info and xxl_job_group; it has wp_posts.',
  ],
  ['a dump that breaks off', dumpOf(orders).slice(0, -200), 'cannot be read: it breaks off'],
  ['half of a gzipped one', gzipSync(dumpOf(orders)).subarray(0, 700), 'cannot be unpacked: unexpected end of file.'],
])('%s is refused for what it is', async (_, content, message) => {
  const { code, out, err } = await importing(write(content))
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(message)
})

test('slips are told: nothing to read, both, no zone, no such zone, no such file', async () => {
  const path = write(dumpOf(orders))
  const plain = (...args: string[]) => run('import', 'xxl-job', ...args)
  const zone = ['--timezone', 'UTC']
  const slips: [string[], string][] = [
    [zone, 'Import from where?'],
    [[...zone, '--dump', path, '--mysql', 'mysql://x@y/z'], 'Only one of them.'],
    [['--dump', path], 'the option --timezone <name> is missing'],
    [['--dump', path, '--timezone', 'Asia/Shanghia'], 'did you mean "Asia/Shanghai"?'],
    [[...zone, '--dump', join(folder, 'nowhere.sql')], 'ENOENT'],
    [[...zone, '--mysql', 'localhost:3306'], 'is no address of a MySQL'],
  ]
  for (const [args, message] of slips) {
    const { code, err } = await plain(...args)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) as string })
  }
})
