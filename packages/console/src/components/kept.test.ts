import { expect, test } from 'vitest'
import { kept } from './kept.ts'

const nameOf = ({ id }: { readonly id: string }) => id

test('what has not changed is the same object as before, wherever it stands now', () => {
  const a = { id: 'a', of: { list: [1, null] } }
  const b = { id: 'b', of: { list: [2, null] } }
  const now = kept(
    [a, b],
    [
      { id: 'b', of: { list: [2, null] } },
      { id: 'a', of: { list: [1, 0] } },
    ],
    nameOf,
  )
  expect(now).toEqual([b, { id: 'a', of: { list: [1, 0] } }])
  expect(now[0]).toBe(b)
  expect(now[1]).not.toBe(a)
})

test('the list is the one before when nothing in it has changed', () => {
  const before = [{ id: 'a', state: 'RUNNING' }]
  expect(kept(before, [{ id: 'a', state: 'RUNNING' }], nameOf)).toBe(before)
  expect(kept(before, [], nameOf)).toEqual([])
  expect(kept(before, [...before, { id: 'b', state: 'RUNNING' }], nameOf)).toHaveLength(2)
})

test('a value that came, went or became nothing is a change', () => {
  const before: readonly { readonly id: string; readonly note?: string | null | undefined }[] = [{ id: 'a', note: 'waits' }]
  for (const now of [{ id: 'a' }, { id: 'a', note: null }, { id: 'a', note: undefined }, { id: 'a', note: 'waits', other: 1 }]) {
    expect(kept(before, [now], nameOf)[0]).toBe(now)
  }
})
