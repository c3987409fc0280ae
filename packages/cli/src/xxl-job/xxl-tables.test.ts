import { describe, expect, test } from 'vitest'
import { readDump } from './read-dump.ts'
import { dumpOf, NAMINGS, ordersDatabase } from './xxl-database.test-helper.ts'
import { readXxlTables, wantedOfXxl } from './xxl-tables.ts'

const read = (dump: string) => readXxlTables(readDump([dump], wantedOfXxl))

describe.each(NAMINGS)('the columns of %s', (naming) => {
  test('say the same as those of any other', async () => {
    const { naming: found, groups, jobs, users, lastLogId } = await read(dumpOf(ordersDatabase(naming)))
    expect({ found, lastLogId }).toEqual({ found: naming, lastLogId: 4711 })
    expect(groups).toEqual([
      { id: 1, appName: 'order-service', title: '订单服务', addresses: [] },
      { id: 2, appName: 'scripts', title: 'Scripts', addresses: ['http://10.0.0.1:9999/', 'http://10.0.0.2:9999/'] },
    ])
    expect(jobs.map(({ id }) => id)).toEqual([12, 13, 14])
    expect(jobs[0]).toEqual({
      ...{ id: 12, groupId: 1, name: "关闭过期订单; it's late", author: 'ada', alarmEmail: '' },
      ...{ scheduleType: 'CRON', scheduleConf: '0 0 2 * * ?', misfire: 'DO_NOTHING', route: 'ROUND' },
      ...{ handler: 'closeExpired', param: 'days=3\nregion="north"', block: 'SERIAL_EXECUTION' },
      ...{ timeoutSeconds: 60, failRetries: 2, glueType: 'BEAN', glueSource: '', children: ['13', '14'] },
      ...{ running: true, nextAt: 1_800_000_000_000 },
    })
    expect(jobs[1]).toMatchObject({ scheduleType: 'NONE', running: false, nextAt: null, children: ['12'] })
    expect(jobs[2]).toMatchObject({ glueType: 'GLUE_SHELL', glueSource: "#!/bin/bash\necho 'hi \\n' $1\n", handler: '' })
    expect(users).toEqual([
      { name: 'ada', admin: false, groupIds: ['1', '2'] },
      { name: 'admin', admin: true, groupIds: [] },
    ])
  })
})

test('what old rows leave empty is what xxl-job takes it for', async () => {
  const job = { id: 1, job_group: 1, executor_route_strategy: null, executor_block_strategy: '', child_jobid: null, author: null }
  const { jobs } = await read(dumpOf({ naming: '2.3 – 3.4', groups: [], jobs: [job] }))
  expect(jobs[0]).toMatchObject({ route: 'FIRST', block: 'SERIAL_EXECUTION', misfire: 'DO_NOTHING', children: [], author: '' })
})

test('passwords and tokens are not even read', async () => {
  for (const table of ['xxl_job_user', 'xxl_job_group', 'xxl_job_info'])
    for (const column of ['password', 'token', 'access_token']) expect(wantedOfXxl(table)!.has(column)).toBe(false)
  for (const table of ['xxl_job_registry', 'xxl_job_logglue', 'xxl_job_lock', 'mine']) expect(wantedOfXxl(table)).toBeUndefined()
})

test('of addresses that executors have registered by themselves none is read: they do so again', async () => {
  const group = { id: 1, app_name: 'x', address_type: 0, address_list: 'http://10.0.0.9:9999/' }
  const { groups } = await read(dumpOf({ naming: '2.3 – 3.4', groups: [group], jobs: [] }))
  expect(groups[0]!.addresses).toEqual([])
})

test('the last log number is also told by a table that was dumped without its rows', async () => {
  const dump = dumpOf({ naming: '3.5', groups: [], jobs: [] })
  expect((await read(dump)).lastLogId).toBeNull()
  const counted = dump.replace(/(`xxl_job_log`[^;]*ENGINE=InnoDB)/, '$1 AUTO_INCREMENT=9001')
  expect((await read(counted)).lastLogId).toBe(9000)
})

describe('what is no database of xxl-job is named for what it is', () => {
  const dump = dumpOf(ordersDatabase('2.3 – 3.4'))
  const without = (table: string) => dump.replaceAll(table, `my_${table}`)
  test.each([
    ['nothing', '', 'it has no table xxl_job_info and xxl_job_group, nor any other'],
    ['a text', 'To be, or not to be', 'nor any other'],
    ['another product', 'CREATE TABLE `wp_posts` (`ID` int);\nINSERT INTO `wp_posts` VALUES (1);', 'it has wp_posts'],
    ['no groups', without('xxl_job_group'), 'it has no table xxl_job_group; it has my_xxl_job_group, xxl_job_info'],
    ['before 2.1', 'CREATE TABLE `XXL_JOB_QRTZ_TRIGGER_INFO` (`id` int);', 'before 2.1'],
    [
      'a table of that name with other columns',
      dump.replaceAll('`schedule_type`', '`when_`'),
      'lacks the columns job_cron or schedule_type',
    ],
    ['jobs without numbers', dump.replaceAll('(12,', '(NULL,'), 'has no number in its column id'],
    ['the same job twice', dump.replaceAll('(13,', '(12,'), 'xxl_job_info has the number 12 twice'],
    ['two databases', `${dump}${dump}`, 'it has the table xxl_job_group twice'],
  ])('%s', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })
})
