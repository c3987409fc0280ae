import { expect, test } from 'vitest'
import { createMemo } from './memo.ts'

test('asks once for what is found, also while the question is under way, and again for what is not', async () => {
  const asked: string[] = []
  const memo = createMemo({ trustedMs: 60_000, most: 10 }, async (key: string) => {
    asked.push(key)
    return key === 'found' ? 1 : undefined
  })
  expect(await Promise.all([memo.get('found'), memo.get('found')])).toEqual([1, 1])
  expect([await memo.get('missing'), await memo.get('missing')]).toEqual([undefined, undefined])
  expect(asked).toEqual(['found', 'missing', 'missing'])
  memo.clear()
  await memo.get('found')
  expect(asked).toHaveLength(4)
})

test('asks again after a failure', async () => {
  let calls = 0
  const memo = createMemo({ trustedMs: 60_000, most: 10 }, async () => {
    if (++calls === 1) throw new Error('not now')
    return calls
  })
  await expect(memo.get('x')).rejects.toThrow('not now')
  expect(await memo.get('x')).toBe(2)
})
