import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCron, type Cron } from './cron.ts'
import { occurrencesBetween } from './preview.ts'
import { at, cron } from './schedules.test-helper.ts'

function parsed(expression: string): Cron {
  const result = parseCron(expression)
  if (!result.ok) throw new Error(JSON.stringify(result.problem))
  return result.cron
}

/** The first fires from a date on, in UTC, as 'YYYY-MM-DD HH:mm:ss'. */
function fires(expression: string, from: string, n: number): string[] {
  const found = occurrencesBetween(cron(expression), at(from), Infinity, n)
  return found.map(({ fireAt }) => new Date(fireAt).toISOString().slice(0, 19).replace('T', ' '))
}

/** The days only. */
const days = (expression: string, from: string, n: number) => fires(expression, from, n).map((fire) => fire.slice(0, 10))

describe('the three forms', () => {
  it.each([
    ['30 2 * * *', ['2026-01-01 02:30:00', '2026-01-02 02:30:00']],
    ['0 0 2 * * ?', ['2026-01-01 02:00:00', '2026-01-02 02:00:00']],
    ['0 */5 * * * *', ['2026-01-01 00:00:00', '2026-01-01 00:05:00']],
    ['15 0 2 * * *', ['2026-01-01 02:00:15', '2026-01-02 02:00:15']],
    ['0 0 12 1 1 ? 2027,2030', ['2027-01-01 12:00:00', '2030-01-01 12:00:00']],
    ['0 0 12 1 1 ? 2026/3', ['2026-01-01 12:00:00', '2029-01-01 12:00:00']],
    ['0 0 12 1 1 ? *', ['2026-01-01 12:00:00', '2027-01-01 12:00:00']],
    ['* * * * *', ['2026-01-01 00:00:00', '2026-01-01 00:01:00']],
    ['* * * * * *', ['2026-01-01 00:00:00', '2026-01-01 00:00:01']],
    ['  0  12\t* * *  ', ['2026-01-01 12:00:00', '2026-01-02 12:00:00']],
  ])('%s', (expression, expected) => {
    expect(fires(expression, '2026-01-01', 2)).toEqual(expected)
  })

  it('ends with its years', () => {
    expect(days('0 0 12 1 1 ? 2027,2030', '2026-01-01', 9)).toEqual(['2027-01-01', '2030-01-01'])
  })
})

describe('macros', () => {
  it.each([
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
    ['@monthly', '0 0 1 * *'],
    ['@weekly', '0 0 * * 0'],
    ['@daily', '0 0 * * *'],
    ['@midnight', '0 0 * * *'],
    ['@Hourly', '0 * * * *'],
  ])('%s is %s', (macro, meaning) => {
    expect(parsed(macro)).toEqual(parsed(meaning))
  })
})

describe('values, ranges, steps and lists', () => {
  it.each([
    ['0 10-12 * * *', 'hours', [10, 11, 12]],
    ['0 22-2 * * *', 'hours', [0, 1, 2, 22, 23]],
    ['0 22-2/2 * * *', 'hours', [0, 2, 22]],
    ['0 */6 * * *', 'hours', [0, 6, 12, 18]],
    ['0 20/2 * * *', 'hours', [20, 22]],
    ['0 1,1,3-5,4 * * *', 'hours', [1, 3, 4, 5]],
    ['*/25 * * * *', 'minutes', [0, 25, 50]],
    ['50-10/5 * * * *', 'minutes', [0, 5, 10, 50, 55]],
    ['59 * * * *', 'minutes', [59]],
    ['59/7 * * * *', 'minutes', [59]],
    ['5/20 0 0 * * ?', 'seconds', [5, 25, 45]],
    ['0 0 1 NOV-feb *', 'months', [1, 2, 11, 12]],
    ['0 0 1 jan,Jul *', 'months', [1, 7]],
    ['0 0 1 2/5 *', 'months', [2, 7, 12]],
    ['0 0 0 1 1 ? 2095-2099/2', 'years', [2095, 2097, 2099]],
    ['0 0 0 1 1 ? 2095/2', 'years', [2095, 2097, 2099]],
  ] as const)('%s has %s %j', (expression, field, values) => {
    expect(parsed(expression)[field]).toEqual(values)
  })
})

describe('numeric weekdays (0 is Sunday in a Cron)', () => {
  it.each([
    // Unix: 0-7 from Sunday to Sunday
    ['0 0 * * 0', [0]],
    ['0 0 * * 7', [0]],
    ['0 0 * * 1', [1]],
    ['0 0 * * 5-7', [0, 5, 6]],
    ['0 0 * * 0-7', [0, 1, 2, 3, 4, 5, 6]],
    ['0 0 * * 6-1', [0, 1, 6]],
    ['0 0 * * 7-2', [0, 1, 2]],
    ['0 0 * * */2', [0, 2, 4, 6]],
    ['0 0 * * 1/2', [1, 3, 5]],
    ['0 0 * * FRI-MON', [0, 1, 5, 6]],
    ['0 0 * * mon,WED', [1, 3]],
    // Quartz: 1-7 from Sunday to Saturday
    ['0 0 0 ? * 1', [0]],
    ['0 0 0 ? * 7', [6]],
    ['0 0 0 ? * 2-6', [1, 2, 3, 4, 5]],
    ['0 0 0 ? * MON-FRI', [1, 2, 3, 4, 5]],
    ['0 0 0 ? * 6-2', [0, 1, 5, 6]],
    ['0 0 0 ? * FRI-MON', [0, 1, 5, 6]],
    ['0 0 0 ? * */2', [0, 2, 4, 6]],
    ['0 0 0 ? * L', [6]],
  ])('%s chooses %j', (expression, weekdays) => {
    expect(parsed(expression).daysOfWeek).toEqual({ weekdays, last: [], nth: [] })
  })
})

describe('the days of the month', () => {
  it.each([
    ['0 0 0 L * ?', ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']],
    ['0 0 0 L-3 * ?', ['2026-01-28', '2026-02-25', '2026-03-28', '2026-04-27']],
    ['0 0 0 L-30 * ?', ['2026-01-01', '2026-03-01', '2026-05-01', '2026-07-01']],
    ['0 0 0 LW * ?', ['2026-01-30', '2026-02-27', '2026-03-31', '2026-04-30']],
    ['0 0 0 L-1W * ?', ['2026-01-30', '2026-02-27', '2026-03-30', '2026-04-29']],
    ['0 0 0 15W * ?', ['2026-01-15', '2026-02-16', '2026-03-16', '2026-04-15']],
    [
      '0 0 0 1W * ?',
      ['2026-01-01', '2026-02-02', '2026-03-02', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01', '2026-08-03'],
    ],
    ['0 0 0 31W * ?', ['2026-01-30', '2026-03-31', '2026-05-29', '2026-07-31']],
    ['0 0 0 31 * ?', ['2026-01-31', '2026-03-31', '2026-05-31', '2026-07-31']],
    ['0 0 0 1,L * ?', ['2026-01-01', '2026-01-31', '2026-02-01', '2026-02-28']],
    ['0 0 0 10W,L-2 * ?', ['2026-01-09', '2026-01-29', '2026-02-10', '2026-02-26']],
    ['0 0 29 2 *', ['2028-02-29', '2032-02-29', '2036-02-29']],
    ['0 0 0 ? * 6L', ['2026-01-30', '2026-02-27', '2026-03-27']],
    ['0 0 0 ? * FRIL', ['2026-01-30', '2026-02-27', '2026-03-27']],
    ['0 0 * * 5L', ['2026-01-30', '2026-02-27', '2026-03-27']],
    ['0 0 0 ? * 6#3', ['2026-01-16', '2026-02-20', '2026-03-20']],
    ['0 0 0 ? * FRI#3', ['2026-01-16', '2026-02-20', '2026-03-20']],
    ['0 0 * * 5#3', ['2026-01-16', '2026-02-20', '2026-03-20']],
    ['0 0 * * 0#1', ['2026-01-04', '2026-02-01', '2026-03-01']],
    ['0 0 0 ? * SAT#5', ['2026-01-31', '2026-05-30', '2026-08-29']],
    ['0 0 0 ? * MON#1,MON#3', ['2026-01-05', '2026-01-19', '2026-02-02']],
    ['0 0 0 ? * MON,FRIL', ['2026-01-05', '2026-01-12', '2026-01-19', '2026-01-26', '2026-01-30', '2026-02-02']],
    ['0 0 0 ? 2 MON#5', ['2044-02-29', '2072-02-29', '2112-02-29', '2140-02-29']],
  ])('%s', (expression, expected) => {
    expect(days(expression, '2026-01-01', expected.length)).toEqual(expected)
  })
})

describe('both day fields', () => {
  it('either matches in the Unix form if both are restricted', () => {
    expect(days('0 0 13 * 5', '2026-02-01', 6)).toEqual([
      '2026-02-06',
      '2026-02-13',
      '2026-02-20',
      '2026-02-27',
      '2026-03-06',
      '2026-03-13',
    ])
    expect(days('0 0 */10 * MON', '2026-01-01', 5)).toEqual([
      '2026-01-01',
      '2026-01-05',
      '2026-01-11',
      '2026-01-12',
      '2026-01-19',
    ])
  })

  it.each(['0 0 * * *', '0 0 0 * * *', '0 0 0 * * ?', '0 0 0 ? * *', '0 0 ? * *', '0 0 ? * ?'.replace('? * ?', '* * ?')])(
    '%s is every day',
    (expression) => {
      expect(days(expression, '2026-01-30', 3)).toEqual(['2026-01-30', '2026-01-31', '2026-02-01'])
    },
  )

  it('one restricted field decides alone, next to * as well as next to ?', () => {
    expect(days('0 0 0 15 * *', '2026-01-01', 2)).toEqual(['2026-01-15', '2026-02-15'])
    expect(days('0 0 0 * * MON', '2026-01-01', 2)).toEqual(['2026-01-05', '2026-01-12'])
    expect(days('0 0 ? * MON', '2026-01-01', 2)).toEqual(['2026-01-05', '2026-01-12'])
  })
})

describe('fixed local times and patterns of intervals', () => {
  it.each(['30 2 * * *', '0 0,30 2,3 * * ?', '*/10 30 2 * * ?', '@daily', '0 0 0 1-5 */2 ?'])(
    '%s is a fixed local time',
    (expression) => {
      expect(parsed(expression).fixedTime).toBe(true)
    },
  )

  it.each(['30 * * * *', '*/15 2 * * *', '0 0 9-17 * * ?', '0 0/30 2 * * ?', '0 1,4-6 * * *', '@hourly'])(
    '%s is a pattern of intervals',
    (expression) => {
      expect(parsed(expression).fixedTime).toBe(false)
    },
  )
})

// expression, the part that is wrong (marked by carets below it), what is said, what is suggested
const REFUSED: readonly (readonly [string, string, RegExp, RegExp])[] = [
  ['', '', /empty/, /write second minute hour/],
  ['   ', '', /empty/, /write second minute hour/],
  ['* * * *', '       ', /4 fields are too few/, /"\* \* \* \* \*"/],
  ['5', ' ', /1 field is too few/, /write/],
  ['0 0 0 ? * MON 2026 extra', '                   ^^^^^', /8 fields are too many/, /write/],
  ['60 * * * *', '^^', /minute 60 does not exist/, /"0"/],
  ['0 24 * * *', '  ^^', /hour 24 does not exist/, /"0"/],
  ['0 99 * * *', '  ^^', /hour 99 .* 0 to 23/, /0 to 23/],
  ['0 0 0 * *', '    ^', /day of month 0/, /1 to 31/],
  ['0 0 32 * *', '    ^^', /day of month 32/, /1 to 31/],
  ['0 0 1 13 *', '      ^^', /month 13/, /1 to 12/],
  ['0 0 1 0 *', '      ^', /month 0/, /"1 \(JAN\)"/],
  ['0 0 * * 8', '        ^', /day of week 8/, /0 to 7/],
  ['0 0 0 ? * 0', '          ^', /day of week 0/, /"1 \(SUN\)"/],
  ['0 0 0 ? * 8', '          ^', /day of week 8/, /1 to 7/],
  ['0 0 0 1 1 ? 1969', '            ^^^^', /year 1969/, /1970 to 2099/],
  ['0 0 0 1 1 ? 9999', '            ^^^^', /year 9999/, /1970 to 2099/],
  ['0 0 0 1 1 ? 2030-2026', '            ^^^^^^^^^', /backwards/, /"2026-2030"/],
  ['0 0 * * MOM', '        ^^^', /"MOM" is not a day of week/, /"MON"/],
  ['0 0 * * MONDAY', '        ^^^^^^', /"MONDAY"/, /"MON"/],
  ['0 0 1 MRA *', '      ^^^', /"MRA" is not a month/, /"MAR"/],
  ['0 0 1 sept *', '      ^^^^', /"SEPT" is not a month/, /"SEP"/],
  ['0 0 1 straße *', '      ^^^^^^', /"STRAßE" is not a month/, /JAN/],
  ['0 0 1 März *', '      ^^^^', /"MäRZ" is not a month/, /"MAR"/],
  ['0 0 * * MON-FRO', '            ^^^', /"FRO"/, /"FRI"/],
  ['a * * * *', '^', /"A" is not a minute/, /0 to 59/],
  ['-5 * * * *', '', /a minute is missing here/, /0 to 59/],
  ['5- * * * *', '', /a minute is missing here/, /0 to 59/],
  ['1,,2 * * * *', '', /a minute is missing here/, /0 to 59/],
  ['1.5 * * * *', '^^^', /"1.5" is not a minute/, /0 to 59/],
  ['1-2-3 * * * *', '^^^^^', /not a range/, /first-last/],
  ['*-5 * * * *', '^', /"\*" is not a minute/, /0 to 59/],
  ['1/2/3 * * * *', '^^^^^', /more than one "\/"/, /0\/15/],
  ['*/0 * * * *', '  ^', /step of 0/, /"1"/],
  ['*/x * * * *', '  ^', /step of a minute must be a number/, /1 to 59/],
  ['*/ * * * *', '', /step of a minute must be a number/, /1 to 59/],
  ['*/90 * * * *', '  ^^', /step of 90/, /fixed rate/],
  ['0 */24 * * *', '    ^^', /step of 24/, /fixed rate/],
  ['? * * * *', '^', /"\?" stands alone/, /"\*"/],
  ['0 0 0 ?,5 * MON', '      ^', /"\?" stands alone/, /"\*"/],
  ['0 0 0 15 * MON', '           ^^^', /both day fields/, /"0 0 0 15 \* \?" or "0 0 0 \? \* MON"/],
  ['0 0 0 ? * ?', '          ^', /one day field only/, /"0 0 0 \* \* \?"/],
  ['0 0 0 L-31 * ?', '      ^^^^', /31 days before its last/, /L-1 to L-30/],
  ['0 0 0 32W * ?', '      ^^', /day of month 32/, /1 to 31/],
  ['0 0 0 W * ?', '      ^', /"W" is not a day of month/, /15W or LW/],
  ['0 0 0 1-5W * ?', '        ^^', /"5W" is not a day of month/, /15W or LW/],
  ['0 0 0 LL * ?', '      ^^', /"LL"/, /L-3/],
  ['0 0 0 MON * ?', '      ^^^', /"MON" is not a day of month/, /1 to 31/],
  ['0 0 0 2#1 * ?', '      ^^^', /"2#1" is not a day of month/, /day-of-week/],
  ['0 0 0 ? * 6#6', '            ^', /"#6" is not a week/, /#1 to #5/],
  ['0 0 0 ? * 6#', '', /"#" is not a week/, /#1 to #5/],
  ['0 0 0 ? * 8#1', '          ^', /day of week 8/, /1 to 7/],
  ['0 0 0 ? * 15W', '          ^^^', /"15W" is not a day of week/, /day-of-month/],
  ['0 0 0 ? * FRX#1', '          ^^^', /"FRX"/, /"FRI"/],
  ['0 0 * * L', '        ^', /Unix form/, /"SAT"/],
  ['L * * * *', '^', /"L" is not a minute/, /day fields/],
  ['@dayly', '^^^^^^', /"@dayly" is not a macro/, /"@daily"/],
  ['@fortnightly', '^^^^^^^^^^^^', /not a macro/, /use one of @yearly/],
  ['@reboot', '^^^^^^^', /not a macro/, /use one of/],
  ['@every 5m', '^^^^^^', /not cron/, /fixed rate/],
  ['@daily 5', '       ^', /nothing may follow @daily/, /"@daily"/],
  ['@constructor', '^^^^^^^^^^^^', /not a macro/, /use one of/],
  ['99999999999999999999999 * * * *', '^^^^^^^^^^^^^^^^^^^^^^^', /does not exist/, /0 to 59/],
]

describe('a bad expression is refused with its position, a message and a suggestion', () => {
  it.each(REFUSED)('%s', (expression, carets, message, suggestion) => {
    const result = parseCron(expression)
    if (result.ok) throw new Error('was accepted')
    expect(result.problem.message).toMatch(message)
    expect(result.problem.suggestion).toMatch(suggestion)
    const marked = carets.includes('^')
    expect(result.problem.length).toBe(marked ? carets.trim().length : 0)
    if (marked) expect(result.problem.position).toBe(carets.indexOf('^'))
    else expect(result.problem.position).toBeLessThanOrEqual(expression.length)
  })

  it('the first problem is the one reported', () => {
    expect(parseCron('61 25 * * MOM')).toMatchObject({ problem: { position: 0 } })
  })

  it('longer than 256 characters is refused, 256 are not', () => {
    const fits = `${'1,'.repeat(123)}11 * * * *`
    expect(fits).toHaveLength(256)
    expect(parseCron(fits).ok).toBe(true)
    expect(parseCron(` ${fits}`)).toMatchObject({ ok: false, problem: { position: 256, length: 1 } })
    expect(parseCron(`${'0,'.repeat(500_000)}0 * * * *`)).toMatchObject({ ok: false })
  })
})

describe('what a Cron prints', () => {
  const value = (min: number, max: number) => fc.integer({ min, max }).map(String)
  const item = (min: number, max: number) =>
    fc.oneof(
      value(min, max),
      fc.tuple(value(min, max), value(min, max)).map(([a, b]) => `${a}-${b}`),
      fc
        .tuple(fc.constantFrom('*', String(min)), fc.integer({ min: 1, max: Math.min(max, 12) }))
        .map(([a, step]) => `${a}/${step}`),
      fc.constant('*'),
    )
  const list = (min: number, max: number) =>
    fc.array(item(min, max), { minLength: 1, maxLength: 3 }).map((items) => items.join(','))
  const day = fc.oneof(list(1, 31), fc.constantFrom('L', 'LW', 'L-3', 'L-2W', '15W', '1W,L'))
  const weekday = fc.oneof(list(1, 7), fc.constantFrom('mon', 'FRI-mon', '6L', '6#3', 'tueL,2#1', 'L'))
  const days = fc.oneof(
    day.map((each) => [each, '?']),
    weekday.map((each) => ['?', each]),
    fc.constant(['*', '*']),
  )
  const expressions = fc
    .tuple(list(0, 59), list(0, 59), list(0, 23), days, list(1, 12), fc.constantFrom([], ['*'], ['2030-2040/3']))
    .map(([second, minute, hour, [dom, dow], month, year]) => [second, minute, hour, dom, month, dow, ...year].join('  '))

  it('parses to the same again', () => {
    fc.assert(
      fc.property(expressions, (expression) => {
        const once = parsed(expression)
        expect(parsed(once.expression)).toEqual(once)
      }),
      { numRuns: 500 },
    )
  })

  it('any text at all is either parsed or refused within itself', () => {
    const words = fc.array(
      fc.oneof(fc.string({ maxLength: 8 }), list(0, 70), fc.constantFrom('?', 'L', '#', 'W', '@', '-', '/', ',')),
      { maxLength: 9 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 300 }),
          fc.string({ maxLength: 40, unit: 'binary' }),
          words.map((each) => each.join(' ')),
        ),
        (text) => {
          const result = parseCron(text)
          if (result.ok) return
          expect(result.problem.position).toBeGreaterThanOrEqual(0)
          expect(result.problem.position + result.problem.length).toBeLessThanOrEqual(text.length)
          expect(result.problem.message).not.toBe('')
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
