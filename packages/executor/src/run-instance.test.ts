import { describe, expect, it } from 'vitest'
import Type from 'typebox'
import { defineHandler } from './define-handler.ts'
import { FatalError } from './fatal-error.ts'
import { runHandler } from './testing/run-handler.ts'

const returning = (value: unknown) => defineHandler({ name: 'test', run: () => value })
const throwing = (thrown: unknown) =>
  defineHandler({
    name: 'test',
    run: () => {
      throw thrown
    },
  })

describe('What a handler is given', () => {
  it('is the fencing token of its attempt, for systems that can refuse stale writers', async () => {
    const telling = defineHandler({ name: 'test', run: ({ instance, token }) => ({ instance, token }) })
    expect(await runHandler(telling, { instance: 12, token: 7 })).toMatchObject({ output: { instance: 12, token: 7 } })
  })
})

describe('What a handler returns', () => {
  it.each([
    ['nothing', undefined, undefined],
    ['null', null, null],
    ['false', false, false],
    ['zero', 0, 0],
    ['an empty text', '', ''],
    ['dates as text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['what toJSON answers', { toJSON: () => [1] }, [1]],
  ])('is its output: %s', async (_name, value, output) => {
    expect(await runHandler(returning(value))).toMatchObject({ outcome: 'SUCCESS', output })
  })

  it('is what it was when it returned, whatever becomes of the object later', async () => {
    const shared = { count: 1 }
    const { output } = await runHandler(returning(shared))
    shared.count = 2
    expect(output).toEqual({ count: 1 })
  })

  it.each([
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    [
      'a throwing toJSON',
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
    ],
    [
      'a cycle',
      (() => {
        const a: { a?: unknown } = {}
        a.a = a
        return a
      })(),
    ],
  ])('fails the instance where it is not JSON: %s', async (_name, value) => {
    expect(await runHandler(returning(value))).toMatchObject({
      outcome: 'FAILURE',
      retriable: false,
      error: { code: 'RESULT_NOT_JSON' },
    })
  })

  it('fails the instance where it is larger than allowed, counted in bytes', async () => {
    const { error } = await runHandler(returning('编'.repeat(100)), { maxResultBytes: 301 })
    expect(error).toMatchObject({
      code: 'RESULT_TOO_LARGE',
      message: expect.stringContaining('302 bytes of JSON; limits.resultBytes of the server allows 301'),
    })
    expect(await runHandler(returning('编'.repeat(100)), { maxResultBytes: 302 })).toMatchObject({ outcome: 'SUCCESS' })
  })
})

describe('What a handler throws', () => {
  it('is a failure with its code, message and stack, and with its causes', async () => {
    const error = Object.assign(new Error('no connection', { cause: new Error('refused') }), { code: 'ECONNREFUSED' })
    const result = await runHandler(throwing(error))
    expect(result).toMatchObject({
      outcome: 'FAILURE',
      retriable: true,
      error: { code: 'ECONNREFUSED', message: 'no connection' },
    })
    expect(result.error?.stack).toContain('Caused by: Error: refused')
  })

  it('is final where it is a FatalError', async () => {
    const result = await runHandler(throwing(new FatalError('closed', { code: 'ACCOUNT_CLOSED' })))
    expect(result).toMatchObject({ outcome: 'FAILURE', retriable: false, error: { code: 'ACCOUNT_CLOSED', message: 'closed' } })
  })

  it.each([
    ['a text', 'oops', 'The handler threw string oops'],
    ['undefined', undefined, 'The handler threw undefined undefined'],
    ['an object without a prototype', Object.create(null), 'The handler threw object something unreadable'],
  ])('may be anything: %s', async (_name, thrown, message) => {
    expect(await runHandler(throwing(thrown))).toMatchObject({ outcome: 'FAILURE', error: { message } })
  })

  it('is cut to what the protocol takes', async () => {
    const error = Object.assign(new Error('m'.repeat(20_000)), { stack: 's'.repeat(90_000), code: 'c'.repeat(500) })
    const result = await runHandler(throwing(error))
    expect(result.error).toEqual({ code: 'c'.repeat(100), message: 'm'.repeat(10_000), stack: 's'.repeat(50_000) })
  })
})

describe('Parameters', () => {
  const typed = defineHandler({
    name: 'typed',
    params: Type.Object({ count: Type.Integer({ minimum: 1 }) }),
    run: ({ params }) => params.count + 1,
  })

  it('that fit the schema reach the handler with their type', async () => {
    expect(await runHandler(typed, { params: { count: 1 } })).toMatchObject({ outcome: 'SUCCESS', output: 2 })
  })

  it('that do not fit fail the instance for good and say where', async () => {
    const result = await runHandler(typed, { params: { count: 0 } as never })
    expect(result).toMatchObject({
      outcome: 'FAILURE',
      retriable: false,
      error: { code: 'PARAMS_INVALID', message: expect.stringContaining('params/count') },
    })
  })

  it('may be described by a JSON schema', async () => {
    const schema = { type: 'object', properties: { who: { type: 'string' } }, required: ['who'] } as const
    const greet = defineHandler({ name: 'greet', params: schema, run: ({ params }) => params.who.toUpperCase() })
    expect(await runHandler(greet, { params: { who: 'you' } })).toMatchObject({ output: 'YOU' })
    expect(await runHandler(greet, { params: {} as never })).toMatchObject({ error: { code: 'PARAMS_INVALID' } })
  })
})
