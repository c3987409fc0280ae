import { afterAll, beforeAll, expect, test } from 'vitest'
import { asTyped, blocksOf, makeClone, read, type Clone } from './clone.test-helper.ts'

let clone: Clone
beforeAll(() => {
  clone = makeClone()
})
afterAll(() => clone.remove())

test('whoever follows the guide to tenants gets one whose executor runs a DAG, unseen by others', async () => {
  const guide = read('docs/guides/tenants.md')
  clone.write(guide)
  const script = blocksOf(guide).filter(({ note }) => note === 'run')
  const { code, out, err } = await clone.bash(script.map((each) => asTyped(each.code)).join('\n'))
  expect({ code, err }, out).toMatchObject({ code: 0 })
  expect(out).toContain('Tenant acme is ACTIVE.')
  expect(out).toMatch(/collect +SUCCESS[^\n]*\ncheck +SKIPPED[^\n]*CONDITION\nsend +SUCCESS .*{"count":7}/)
  expect(out).toMatch(/Run \d+ ended: SUCCESS/)
  expect(out).toMatch(/Node \d+\/check is approved/)
  expect(out).toContain('Not there in the tenant of the first start.')
  expect(out).toMatch(/acme\.evening +acme\.evening +v1/)
})
