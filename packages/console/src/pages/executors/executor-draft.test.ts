import type { ExecutorView } from '@carillon/contract'
import { expect, test } from 'vitest'
import { createOf, draftOf, updateOf } from './executor-draft.ts'

const known = {
  app: { id: 1, code: 'shop' },
  instance: 'till-1',
  address: 'https://till-1.example.com',
  healthUrl: 'https://till-1.example.com/health',
  handlers: ['print', 'open'],
  capacity: 4,
  healthEveryMs: 1_500,
  labels: { zone: 'a' },
  metadata: {},
} as unknown as ExecutorView

test('one that exists is sent as it was when nothing is typed, without its token', () => {
  expect(updateOf(draftOf(known))).toEqual({
    address: 'https://till-1.example.com',
    healthUrl: 'https://till-1.example.com/health',
    handlers: ['print', 'open'],
    capacity: 4,
    healthEveryMs: 1_500,
    labels: { zone: 'a' },
    metadata: {},
  })
})

test('a token is set where one is typed, and taken away only where that is said', () => {
  const token = 'a token of sixteen signs'
  expect(updateOf({ ...draftOf(known), callToken: token })).toMatchObject({ callToken: token })
  expect(updateOf({ ...draftOf(known), noToken: true })).toMatchObject({ callToken: null })
})

test('of a new one what is left empty is left out', () => {
  const typed = { ...draftOf(null), app: 'shop', instance: 'till-2', handlers: 'print, open', capacity: '2' }
  expect(createOf(typed)).toEqual({
    ...{ app: 'shop', instance: 'till-2', address: '', healthUrl: '' },
    ...{ handlers: ['print', 'open'], capacity: 2, labels: {}, metadata: {} },
  })
})

test('what is no number goes as it was typed, for the server to refuse it at its field', () => {
  expect(createOf({ ...draftOf(null), capacity: 'many', perCall: 'few', healthSeconds: 'soon' })).toMatchObject({
    capacity: 'many',
    perCall: 'few',
    healthEveryMs: 'soon',
  })
})

test('a line that is no key=value is not sent', () => {
  expect(createOf({ ...draftOf(known), labels: 'zone' })).toBeNull()
  expect(updateOf({ ...draftOf(known), metadata: 'rack' })).toBeNull()
})
