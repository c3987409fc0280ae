import { expect, test } from 'vitest'
import { elementParams, LARGEST_FAN_OUT } from './element-params.ts'
import { MOST_STEPS } from './expression/meter.ts'

const items = Array.from({ length: 10_000 }, (_, index) => index)

test('each element has its parameters, in the order of the list', () => {
  const params = { it: '${{ item }}', at: '${{ index }}', day: '${{ params.day }}' }
  expect(elementParams(params, { params: { day: 'today' } }, ['a', 'b'])).toEqual({
    kind: 'VALUE',
    value: [
      { it: 'a', at: 0, day: 'today' },
      { it: 'b', at: 1, day: 'today' },
    ],
  })
  expect(elementParams(params, { params: { day: 'today' } }, items)).toMatchObject({ kind: 'VALUE', value: { length: 10_000 } })
})

test('an element whose parameters cannot be computed is told', () => {
  expect(elementParams({ x: '${{ item.x }}' }, {}, [{ x: 1 }, {}])).toEqual({
    kind: 'ERROR',
    message: 'Element 1: /x: ${{ item.x }}: there is no "x"',
  })
})

test('ten thousand elements together do not more than some hostile expressions, and are not larger than a fan-out may be', () => {
  let reads = 0
  const list = new Proxy(items, { get: (target, key) => (reads++, Reflect.get(target, key)) })
  expect(elementParams({ x: '${{ list.all(x, x >= 0) }}' }, { list }, items)).toMatchObject({
    message: expect.stringContaining('too many steps'),
  })
  expect(reads).toBeLessThan(200 * MOST_STEPS)
  const text = 'a'.repeat(10_000)
  expect(elementParams({ text: '${{ text }}' }, { text }, items)).toEqual({
    kind: 'ERROR',
    message: `The parameters of its elements are longer than ${LARGEST_FAN_OUT} characters.`,
  })
})
