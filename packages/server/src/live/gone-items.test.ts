import { expect, test } from 'vitest'
import { createGoneItems } from './gone-items.ts'

test('what has gone since a revision is said, as long as it is remembered', () => {
  const gone = createGoneItems(3)
  gone.add([1, 2], 4)
  gone.add([3], 5)
  expect(gone.since(3)).toEqual([1, 2, 3])
  expect(gone.since(4)).toEqual([3])
  expect(gone.since(5)).toEqual([])
})

test('who comes later than what is remembered has to be told everything', () => {
  const gone = createGoneItems(2)
  gone.add([1], 4)
  gone.add([2, 3], 5)
  expect(gone.since(3)).toBeNull()
  expect(gone.since(4)).toEqual([2, 3])
})
