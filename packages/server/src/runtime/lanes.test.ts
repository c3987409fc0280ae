import { expect, it } from 'vitest'
import { createLanes } from './lanes.ts'

function task() {
  let finish = () => {}
  const done = new Promise<void>((resolve) => (finish = resolve))
  return { done, finish }
}

it('lets so many work at once, so many wait, and turns the others away', async () => {
  const lanes = createLanes(1, 1)
  const [first, second] = [task(), task()]
  const began: string[] = []
  const work = (name: string, { done }: { done: Promise<void> }) =>
    lanes.run(async () => {
      began.push(name)
      await done
      return name
    })
  const running = [work('first', first), work('second', second)]
  expect(await work('third', task())).toBeNull()
  expect(began).toEqual(['first'])
  first.finish()
  expect(await running[0]).toBe('first')
  second.finish()
  expect(await running[1]).toBe('second')
  expect(began).toEqual(['first', 'second'])
})

it('gives the lane of one that fails to the next', async () => {
  const lanes = createLanes(1, 1)
  await expect(lanes.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await lanes.run(async () => 'yes')).toBe('yes')
})
