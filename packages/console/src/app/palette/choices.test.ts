import { expect, test } from 'vitest'
import { closestFirst, matches, runNumber, type Choice } from './choices.ts'

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
