import { expect, test } from 'vitest'
import { commandOf, type Key } from './keys.ts'

const pressed = (key: string, held: Partial<Key> = {}) =>
  commandOf({ key, altKey: false, ctrlKey: false, metaKey: false, ...held })?.kind ?? null

test('letters alone work on the graph, whatever the case', () => {
  expect(['a', 'c', 'E', 'l', 'Delete', 'Backspace'].map((key) => pressed(key))).toEqual([
    ...['ADD', 'CONNECT', 'INSPECT', 'LAY_OUT', 'REMOVE', 'REMOVE'],
  ])
})

test('with Control or the command key some mean something else, and the browser keeps the rest', () => {
  expect(pressed('a', { ctrlKey: true })).toBe('SELECT_ALL')
  expect(pressed('d', { metaKey: true })).toBe('DUPLICATE')
  expect(pressed('c', { ctrlKey: true })).toBeNull()
})

test('Alt and an arrow move what is chosen; other keys with Alt are the browser’s', () => {
  expect(commandOf({ key: 'ArrowUp', altKey: true, ctrlKey: false, metaKey: false })).toEqual({
    kind: 'NUDGE',
    by: { x: 0, y: -20 },
  })
  expect(pressed('ArrowUp')).toBeNull()
  expect(pressed('a', { altKey: true })).toBeNull()
})

test('a key that names something every object has is no command', () => {
  expect(pressed('toString')).toBeNull()
})
