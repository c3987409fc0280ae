import { afterAll, beforeAll, expect, test } from 'vitest'
import { asTyped, blocksOf, makeClone, read, type Clone } from './clone.test-helper.ts'

let clone: Clone
beforeAll(() => {
  clone = makeClone()
})
afterAll(() => clone.remove())

test('what the README tells to type works, in its order, as it stands there', async () => {
  const blocks = blocksOf(read('README.md'))
  clone.write(read('README.md'))
  const script = blocks.filter(({ language, note }) => language === 'sh' && note === 'run').map(({ code }) => asTyped(code))
  const { code, out, err } = await clone.bash(script.join('\n'))
  expect({ code, err }, out).toMatchObject({ code: 0 })
  expect(out).toMatch(/weather-every-minute +weather-report-seattle/)
  expect(out).toMatch(/Wrote 48 months of Seattle/)
  expect(out).toMatch(/\d+ +weather-year +SUCCESS /)
  expect(out).toMatch(/"items":\[\{"id":\d+/)
  expect(out).toMatch(/INFO {2}Hello Ada\n[\s\S]*ended: SUCCESS/)
})

test('both languages show the same code', () => {
  expect(blocksOf(read('README.zh-CN.md'))).toEqual(blocksOf(read('README.md')))
})

test.each(['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])(
  'every file to which %s leads is there',
  (name) => {
    const links = Array.from(read(name).matchAll(/\]\((?!http)([^)#]+)/g), ([, link]) => link!)
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(() => read(link), link).not.toThrow(/ENOENT/)
  },
)
