import { expect, test } from 'vitest'
import { ClientMessages } from './postgres-wire.ts'

const typed = (type: string, body: string) => {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(body))
  bytes.write(type, 0)
  bytes.writeInt32BE(bytes.length - 1, 1)
  bytes.write(body, 5)
  return bytes
}
const opening = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0])
const said = Buffer.concat([opening, typed('Q', 'BEGIN\0'), typed('B', '\0fire.insert\0\0'), typed('Q', 'COMMIT\0')])
const meaning = [{ kind: 'OTHER' }, { kind: 'BEGIN' }, { kind: 'BIND', statement: 'fire.insert' }, { kind: 'COMMIT' }]

test('what a client says is understood, and handed on byte for byte', () => {
  const messages = new ClientMessages().read(said)
  expect(messages.map((message) => message.said)).toEqual(meaning)
  expect(Buffer.concat(messages.map(({ bytes }) => bytes))).toEqual(said)
})

test('a message that comes in pieces is one message', () => {
  const reader = new ClientMessages()
  const messages = [...said].flatMap((byte) => reader.read(Buffer.from([byte])))
  expect(messages.map((message) => message.said)).toEqual(meaning)
})
