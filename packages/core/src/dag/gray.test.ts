import { expect, test } from 'vitest'
import { chooseVersion, grayHash } from './gray.ts'

const keys = Array.from({ length: 10_000 }, (_, n) => `customer-${n}`)
const share = (percent: number | null) =>
  keys.filter((key) => chooseVersion({ active: 'A', gray: percent === null ? null : 'B', percent }, grayHash(key)) === 'B')

test.each([1, 10, 50, 99])('%i percent of the keys go to the second version, within a percentage point and a half', (percent) => {
  expect(Math.abs(share(percent).length / keys.length - percent / 100)).toBeLessThan(0.015)
})

test('the same key goes to the same version, and a larger share takes none back', () => {
  const [ten, thirty] = [share(10), new Set(share(30))]
  expect(share(10)).toEqual(ten)
  expect(ten.filter((key) => !thirty.has(key))).toEqual([])
})

test('without a second version everything goes to the first', () => {
  expect(share(null)).toEqual([])
})

test('a hash is an unsigned integer of 32 bits, for any text', () => {
  for (const key of ['', 'a', '编钟', '\ud800'])
    expect([key, Number.isInteger(grayHash(key)) && grayHash(key) >= 0]).toEqual([key, true])
})
