import type { ExecutorView } from '@carillon/contract'
import { expect, test } from 'vitest'
import { createOf, createXxlJobOf, draftOf, speaksXxlJob, updateOf } from './executor-draft.ts'

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

const opened = draftOf(known)

test('of one that exists only what was typed is sent: the rest may have been changed by others meanwhile', () => {
  expect(updateOf(opened, opened)).toEqual({})
  expect(updateOf({ ...opened, capacity: '8' }, opened)).toEqual({ capacity: 8 })
  expect(updateOf({ ...opened, handlers: 'print', labels: '', healthSeconds: '' }, opened)).toEqual({
    handlers: ['print'],
    labels: {},
    healthEveryMs: null,
  })
})

test('how much one call carries is set, changed, and left open again', () => {
  expect(updateOf({ ...opened, perCall: '3' }, opened)).toEqual({ perCall: 3 })
  const limited = draftOf({ ...known, perCall: 3 })
  expect([updateOf(limited, limited), updateOf({ ...limited, perCall: '' }, limited)]).toEqual([{}, { perCall: null }])
})

test('milliseconds are whole', () => {
  expect(updateOf({ ...opened, healthSeconds: '1.001' }, opened)).toEqual({ healthEveryMs: 1_001 })
})

test('a token is set where one is typed, and taken away only where that is said', () => {
  const token = 'a token of sixteen signs'
  expect(updateOf({ ...opened, callToken: token }, opened)).toMatchObject({ callToken: token })
  expect(updateOf({ ...opened, noToken: true }, opened)).toMatchObject({ callToken: null })
})

test('of a new one what is left empty is left out', () => {
  const typed = { ...draftOf(null), app: 'shop', instance: 'till-2', handlers: 'print, open', capacity: '2' }
  expect(createOf(typed)).toEqual({
    ...{ app: 'shop', instance: 'till-2', address: '', healthUrl: '' },
    ...{ handlers: ['print', 'open'], capacity: 2, labels: {}, metadata: {} },
  })
})

test('of one of xxl-job its protocol gives the name, the places and the rest, unless they are typed', () => {
  const typed = { ...draftOf(null), protocol: 'XXL_JOB', app: 'shop', address: 'http://10.0.0.1:9999', callToken: 'a token' }
  expect(speaksXxlJob(typed)).toBe(true)
  const least = { app: 'shop', address: 'http://10.0.0.1:9999', callToken: 'a token', labels: {}, metadata: {} }
  expect(createXxlJobOf(typed)).toEqual(least)
  const more = { ...typed, instance: 'till-3', capacity: '2', healthSeconds: '5' }
  expect(createXxlJobOf(more)).toEqual({ ...least, instance: 'till-3', capacity: 2, healthEveryMs: 5_000 })
  expect(createXxlJobOf({ ...typed, labels: 'zone' })).toBeNull()
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
  expect(updateOf({ ...opened, metadata: 'rack' }, opened)).toBeNull()
})
