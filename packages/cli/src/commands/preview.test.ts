import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'

const preview = (...args: string[]) => run(['preview', ...args], {})

test('shows the next fires in the zone, without any server', async () => {
  const { code, out } = await preview('0 0 2 ? * MON', '--zone', 'Asia/Shanghai', '-n', '3')
  expect(code).toBe(0)
  const [head, ...lines] = out.trimEnd().split('\n')
  expect(head).toMatch(/^FIRES AT\s+DAY/)
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT02:00:00\+08:00  MON/)
})

test('answers programs with the instants', async () => {
  const fires = JSON.parse((await preview('@hourly', '--zone', 'UTC', '--json', '-n', '2')).out) as { fireAt: number }[]
  expect(fires).toHaveLength(2)
  expect(fires[1]!.fireAt - fires[0]!.fireAt).toBe(3_600_000)
})

test.each([
  [['0 0 2 ? * ?'], 'did you mean "0 0 2 * * ?"?'],
  [['@daliy'], 'did you mean "@daily"?'],
  [['0 0 0 1 1 ? 1999'], 'all of its fires have passed'],
  [['@daily', '--zone', 'Asia/Shangai'], 'Asia/Shanghai'],
])('%j is refused, and told why', async (args, suggestion) => {
  const { code, err } = await preview(...args)
  expect(code).toBe(2)
  expect(err).toContain(suggestion)
})
