import { expect, test } from 'vitest'
import { closestFirst, matches, placeOf, runNumber, type Choice } from './choices.ts'

const choice = (group: Choice['group'], label: string): Choice => ({ id: `${group} ${label}`, group, label, to: '/' })

test('every word that was typed has to be there, in capitals or not', () => {
  expect(matches('TASK typ', 'Task types')).toBe(true)
  expect(matches('task inst', 'Task types')).toBe(false)
  expect(matches('  ', 'Runs')).toBe(true)
})

test('kinds stay together in their order, and in each the closest is first', () => {
  const found = [choice('dags', 'load'), choice('tasks', 'reload'), choice('tasks', 'load-rows'), choice('tasks', 'load')]
  expect(closestFirst('Load', found).map(({ id }) => id)).toEqual(['tasks load', 'tasks load-rows', 'tasks reload', 'dags load'])
})

test('what was chosen stays chosen where it has moved to, and is the first when it has gone', () => {
  const [load, reload, dag] = [choice('tasks', 'load'), choice('tasks', 'reload'), choice('dags', 'load')]
  expect(placeOf([reload, dag], 'dags load')).toBe(1)
  expect(placeOf([load, reload, dag], 'dags load')).toBe(2)
  expect([placeOf([load, reload], 'dags load'), placeOf([load, reload], null), placeOf([], 'dags load')]).toEqual([0, 0, 0])
})

test('a number is that of a run', () => {
  expect(['42', ' #42 ', '0', '4 2', '#', 'run 42', '99999999999999999'].map(runNumber)).toEqual([
    42,
    42,
    null,
    null,
    null,
    null,
    null,
  ])
})
