import { expect, test } from 'vitest'
import { blamesItem, blamesItemOrSize, isolate, TooMuchAtOnce } from './isolate.ts'

const tooLong = () => Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' })
const all = (items: readonly number[]) => Promise.resolve(items.map(String))

test.each([tooLong, () => new TooMuchAtOnce('too many')])(
  'a batch that is too much is halved until its parts are not',
  async (error) => {
    const sizes: number[] = []
    const run = (items: readonly number[]) => {
      sizes.push(items.length)
      return items.length > 2 ? Promise.reject(error()) : all(items)
    }
    expect(await isolate([1, 2, 3, 4, 5], run, () => 'refused')).toEqual(['1', '2', '3', '4', '5'])
    expect(sizes).toEqual([5, 3, 2, 1, 2])
  },
)

test('what takes too long all alone is the fault of the circumstances, unless the caller says otherwise', async () => {
  const run = (items: readonly number[]) => (items.includes(2) ? Promise.reject(tooLong()) : all(items))
  await expect(isolate([1, 2, 3], run, () => 'refused', blamesItem)).rejects.toThrow('statement timeout')
  expect(await isolate([1, 2, 3], run, () => 'put off', blamesItemOrSize)).toEqual(['1', 'put off', '3'])
})

test.each([
  'Connection terminated unexpectedly',
  'Client was closed and is not queryable',
  'Cannot use a pool after calling end on the pool',
  'timeout expired',
  'Query read timeout',
])('a connection that was lost is no item’s fault, although the driver gives it no code: %s', async (message) => {
  const run = () => Promise.reject(new Error(message))
  await expect(isolate([1, 2], run, () => 'refused', blamesItemOrSize)).rejects.toThrow(message)
})
