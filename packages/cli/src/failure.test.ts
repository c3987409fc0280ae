import { CarillonError, ERRORS, type ErrorCode } from '@carillon/core'
import { expect, test } from 'vitest'
import { EXIT_CODES, exitOf } from './exit-codes.ts'
import { Failure, reportFailure } from './failure.ts'
import { recorder } from './testing/run.ts'

function report(error: unknown) {
  const { terminal, err } = recorder()
  return { code: reportFailure(terminal, error), text: err() }
}

test('a refusal says what, why here, which fields, and the words to search for', () => {
  const error = new CarillonError('VALIDATION_FAILED', 'Two fields are wrong', {
    problems: [{ path: '/body/timing', message: 'is missing' }],
    extra: { requestId: 'r-1' },
  })
  expect(report(error)).toEqual({
    code: 4,
    text: [
      'error: The request has fields that are not valid',
      '  Two fields are wrong',
      '  /body/timing is missing',
      '  (VALIDATION_FAILED, request r-1)',
      '',
    ].join('\n'),
  })
})

test('a field that the detail names already is not said twice', () => {
  const error = new CarillonError('VALIDATION_FAILED', '/body/code is missing', {
    problems: [{ path: '/body/code', message: 'is missing' }],
  })
  expect(report(error).text.match(/is missing/g)).toHaveLength(1)
})

test.each(Object.keys(ERRORS) as ErrorCode[])('%s has an exit code that fits its status', (code) => {
  const { status } = ERRORS[code]
  const expected =
    status === 404 ? 'NOT_FOUND' : status === 503 || status === 429 ? 'UNAVAILABLE' : status >= 500 ? 'FAILED' : 'REFUSED'
  expect(exitOf(code)).toBe(expected)
})

test('exit codes are distinct: scripts go by them', () => {
  const codes = Object.values(EXIT_CODES).map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
})

test('a hint stands below its problem', () => {
  expect(report(new Failure('USAGE', 'Which server?', 'Name one.'))).toEqual({
    code: 2,
    text: 'error: Which server?\n  Name one.\n',
  })
})

test('an error that was written to be read comes without a stack, a defect with it', () => {
  expect(report(new Error('The dump is cut short.')).text).toBe('error: The dump is cut short.\n')
  expect(report(new TypeError('x is undefined')).text).toMatch(/TypeError: x is undefined\n\s+at /)
})

test('a taken port says how to choose another', () => {
  const error = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', address: '127.0.0.1', port: 7070 })
  expect(report(error).text).toMatch(/127\.0\.0\.1:7070 already[\s\S]*--port/)
})
