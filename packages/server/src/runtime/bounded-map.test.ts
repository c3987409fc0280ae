import { expect, test } from 'vitest'
import { createBoundedMap } from './bounded-map.ts'

test('forgets what was set longest ago, and keeps what was set again', () => {
  const map = createBoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  expect(['a', 'b', 'c'].map(map.get)).toEqual([3, undefined, 4])
})

test('is bounded by what its entries weigh, not by how many they are', () => {
  const map = createBoundedMap<string, string>(10, (text) => text.length)
  map.set('a', '12345')
  map.set('b', '123456')
  expect([map.get('a'), map.get('b')]).toEqual([undefined, '123456'])
  map.set('c', '1234')
  map.delete('b')
  map.set('d', '123456')
  expect([map.get('c'), map.get('d')]).toEqual(['1234', '123456'])
})

test('what alone is too heavy is not kept', () => {
  const map = createBoundedMap<string, string>(3, (text) => text.length)
  map.set('a', '1234')
  expect(map.get('a')).toBeUndefined()
})
