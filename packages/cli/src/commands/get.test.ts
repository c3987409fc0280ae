import { expect, test } from 'vitest'
import { KINDS } from '../kinds.ts'
import { run, runJson } from '../testing/run.ts'

test.each(KINDS.map(({ name }) => name))('lists %s as a table and as JSON', async (kind) => {
  const { code, out, err } = await run(['get', kind])
  expect(code).toBe(0)
  expect(out.split('\n')[0] || err).toMatch(/^[A-Z ]+$|^No /)
  expect(Array.isArray(await runJson(['get', kind]))).toBe(true)
})

test('people see codes and the next fire, programs everything', async () => {
  expect((await run(['get', 'schedules'])).out).toMatch(/weather-every-minute\s+weather-report-seattle\s+0 \* \* \* \* \? /)
  const [schedule] = await runJson<{ code: string; timing: unknown; id: number }[]>(['get', 'schedules', '-f', 'q=weather-every'])
  expect(schedule).toMatchObject({ code: 'weather-every-minute', timing: { kind: 'CRON' }, id: expect.any(Number) as number })
})

test('one object is shown whole, by code or identifier, in the singular too', async () => {
  const task = await runJson<{ id: number; code: string }>(['get', 'task', 'weather-report-seattle'])
  expect(await runJson(['get', 'tasks', String(task.id)])).toEqual(task)
  expect((await run(['get', 'task', task.code])).out).toMatch(/^code: weather-report-seattle$/m)
})

test('a filter goes to the server, which says what there is when it is wrong', async () => {
  expect(await runJson(['get', 'tasks', '-f', 'q=no-such-task'])).toEqual([])
  const { code, err } = await run(['get', 'tasks', '-f', 'colour=red'])
  expect(code).toBe(4)
  expect(err).toMatch(/known are .*label/)
})

test('--limit reaches over pages and says when there is more', async () => {
  expect((await run(['get', 'audit', '-n', '1'])).err).toMatch(/There are more/)
  const all = await runJson<unknown[]>(['get', 'audit', '-n', '500'])
  expect((await runJson<unknown[]>(['get', 'audit', '-n', '3'])).length).toBe(3)
  expect(all.length).toBeGreaterThan(3)
})

test('what is not there ends with 3, what may not be with 4, what does not answer with 5', async () => {
  expect((await run(['get', 'task', 'nope'])).code).toBe(3)
  expect((await run(['get', 'tasks', '--token', `carillon_${'x'.repeat(43)}`])).code).toBe(4)
  const away = await run(['get', 'tasks', '--server', 'http://127.0.0.1:1', '--token', 'x'])
  expect(away.code).toBe(5)
  expect(away.err).toContain('Nothing answers at http://127.0.0.1:1')
  expect((await run(['get', 'tasks', '--server', 'not an address', '--token', 'x'])).code).toBe(2)
})
