import { expect, test } from 'vitest'
import { createCoalescer, QueueFull } from './coalescer.ts'

test('takes so much and no more while a batch is under way, refuses the rest, and takes again when it has caught up', async () => {
  let finish = () => {}
  const gate = new Promise<void>((resolve) => (finish = resolve))
  const batches: (readonly number[])[] = []
  const coalescer = createCoalescer<number, number>(
    async (items) => {
      batches.push(items)
      await gate
      return [...items]
    },
    { mostItems: 2, lanes: 1, mostWaiting: 3 },
  )
  const underWay = coalescer.add([1])
  const waiting = [coalescer.add([2, 3]), coalescer.add([4])]
  await expect(coalescer.add([5])).rejects.toThrow(QueueFull)
  finish()
  expect(await Promise.all([underWay, ...waiting])).toEqual([[1], [2, 3], [4]])
  expect(await coalescer.add([6])).toEqual([6])
  expect(batches).toEqual([[1], [2, 3], [4], [6]])
})

test('takes a call of any size when nothing waits: it is never split', async () => {
  const coalescer = createCoalescer<number, number>(async (items) => [...items], { mostItems: 2, lanes: 1, mostWaiting: 3 })
  expect(await coalescer.add([1, 2, 3, 4, 5])).toEqual([1, 2, 3, 4, 5])
})

test('one that gathers puts what comes within its time into one batch', async () => {
  const batches: (readonly number[])[] = []
  const coalescer = createCoalescer<number, number>(async (items) => (batches.push(items), [...items]), {
    ...{ mostItems: 10, lanes: 1, gatherMs: 20 },
  })
  const first = coalescer.add([1])
  await new Promise((resolve) => setImmediate(resolve))
  expect(await Promise.all([first, coalescer.add([2, 3])])).toEqual([[1], [2, 3]])
  expect(await coalescer.add([4])).toEqual([4])
  expect(batches).toEqual([[1, 2, 3], [4]])
})

test('one that gathers does so for what came while a batch was under way, too, unless that fills the next one', async () => {
  const batches: (readonly number[])[] = []
  const coming: Promise<number[]>[] = []
  const coalescer = createCoalescer<number, number>(
    async (items) => {
      batches.push(items)
      if (batches.length === 1) coming.push(coalescer.add([2]), coalescer.add([3]))
      if (batches.length === 2) coming.push(coalescer.add([4, 5, 6]))
      return [...items]
    },
    { mostItems: 3, lanes: 1, gatherMs: 20 },
  )
  await coalescer.add([1])
  // Comes within the time of those that came during the first batch.
  coming.push(coalescer.add([7]))
  await Promise.all(coming)
  await Promise.all(coming)
  expect(batches).toEqual([[1], [2, 3, 7], [4, 5, 6]])
})
