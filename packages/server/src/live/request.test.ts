import { expect, test } from 'vitest'
import { createMessageLimit, readRequest } from './request.ts'

const said = (text: string) => {
  const read = readRequest(text)
  return 'error' in read ? { id: read.id, code: read.error.code } : read.value
}

test('what a client asks for is read as it was sent', () => {
  const topic = { kind: 'run', tenant: 'shop', run: 42 }
  expect(said(JSON.stringify({ type: 'subscribe', id: 1, topic, since: 7 }))).toEqual({
    type: 'subscribe',
    id: 1,
    topic,
    since: 7,
  })
  expect(said('{"type":"pause"}')).toEqual({ type: 'pause' })
})

test('what is no request is refused under its number where it says one, else under 0', () => {
  expect(said('{"type":')).toEqual({ id: 0, code: 'MALFORMED_REQUEST' })
  expect(said('null')).toMatchObject({ id: 0 })
  expect(said('{"type":"subscribe","id":3}')).toMatchObject({ id: 3 })
  expect(said('{"type":"subscribe","id":-1}')).toMatchObject({ id: 0 })
  expect(said('{"type":"subscribe","id":"3"}')).toMatchObject({ id: 0 })
})

test('five hundred messages in ten seconds are taken, and as many again after them', () => {
  let now = 0
  const isTooMuch = createMessageLimit(() => now)
  const taken = () => Array.from({ length: 501 }, isTooMuch).filter((tooMuch) => !tooMuch).length
  expect(taken()).toBe(500)
  now = 10_000
  expect(isTooMuch()).toBe(true)
  now = 10_001
  expect(taken()).toBe(500)
})
