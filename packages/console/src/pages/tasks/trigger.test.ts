import { expect, test } from 'vitest'
import { changesBetween } from '../audit/changes.ts'
import { insideOf } from '../../app/inside.ts'
import { changedParams } from './changed-params.ts'

test('of the parameters only those are sent that differ from the task’s own', () => {
  expect(changedParams({ a: 1, secret: '${{ secrets.x }}' }, { a: 2, secret: '${{ secrets.x }}', b: [1] })).toEqual({
    a: 2,
    b: [1],
  })
})

test('the audit shows the fields that differ', () => {
  expect(changesBetween({ a: 1, b: { c: 1 } }, { a: 1, b: { c: 2 }, d: 3 })).toEqual([
    { field: 'b', before: { c: 1 }, after: { c: 2 } },
    { field: 'd', before: undefined, after: 3 },
  ])
})

test.each([
  ['/t/default/runs?state=FAILED', '/t/default/runs?state=FAILED'],
  ['https://elsewhere.example', '/'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['/sign-in?to=/', '/'],
  [undefined, '/'],
])('sign-in leads from %s to %s', (to, target) => {
  expect(insideOf(to)).toBe(target)
})
