import { expect, onTestFinished, test } from 'vitest'
import { guardedConnect } from '../../builtin/egress-guard.ts'
import { createXxlJobClient, type Callee, type ClientOptions } from './client.ts'
import { fakeExecutor } from './gateway.test-helper.ts'

function client(options: ClientOptions = {}) {
  const made = createXxlJobClient({ answerMs: 500, ...options })
  onTestFinished(() => made.close())
  return made
}
const at = (address: string): Callee => ({ tenantId: 7, address, dialect: 'AB', app: 'shop', token: 'secret' })

test('an address that the egress rules forbid is not dialled, and nothing was sent', async () => {
  const { address, calls } = await fakeExecutor()
  const guarded = client({ connectOf: () => guardedConnect({ allowPrivate: false }) })
  expect(await guarded.beat(at(address))).toMatchObject({
    kind: 'NEVER_SENT',
    message: expect.stringContaining('private address'),
  })
  expect(calls).toEqual([])
})

test('nobody listens: nothing was sent', async () => {
  expect(await client().beat(at('http://127.0.0.1:1'))).toMatchObject({ kind: 'NEVER_SENT' })
})

test('a redirect is not followed: the token goes nowhere else', async () => {
  const target = await fakeExecutor()
  const { address } = await fakeExecutor({}, (response) => response.writeHead(307, { location: `${target.address}/beat` }).end())
  expect(await client().beat(at(address))).toMatchObject({ kind: 'UNKNOWN', message: expect.stringContaining('307') })
  expect(target.calls).toEqual([])
})

test.each([
  ['hangs up', () => null],
  ['never answers', () => new Promise(() => undefined)],
])('one that %s may have done it', async (_what, answer) => {
  const { address, calls } = await fakeExecutor({ kill: answer })
  expect(await client().kill(at(address), 7)).toMatchObject({ kind: 'UNKNOWN' })
  expect(calls).toHaveLength(1)
})

test('an answer without end is given up', async () => {
  const endless = await fakeExecutor({}, (response) => {
    const timer = setInterval(() => response.write('x'.repeat(2 ** 20)), 1)
    response.on('close', () => clearInterval(timer))
  })
  expect(await client({ answerMs: 5_000 }).beat(at(endless.address))).toMatchObject({
    kind: 'UNKNOWN',
    message: expect.stringContaining('too long'),
  })
})

test('no tenant calls over a connection that the rules of another have opened', async () => {
  const { address, calls } = await fakeExecutor()
  const guards = new Map([true, false].map((allowPrivate) => [allowPrivate, guardedConnect({ allowPrivate })]))
  const guarded = client({ connectOf: (tenantId) => guards.get(tenantId === 7)! })
  expect(await guarded.beat(at(address))).toMatchObject({ kind: 'OK' })
  expect(await guarded.beat({ ...at(address), tenantId: 8 })).toMatchObject({ kind: 'NEVER_SENT' })
  expect(calls).toHaveLength(1)
})
