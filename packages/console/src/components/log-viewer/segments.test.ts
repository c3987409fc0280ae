import { describe, expect, test } from 'vitest'
import { plainText, segmentsOf } from './segments.ts'

const texts = (text: string, q = '') => segmentsOf(text, q).map((segment) => segment.text)

describe('a line', () => {
  test('without colours is one text', () => {
    expect(segmentsOf('rows: 5', '')).toEqual([{ text: 'rows: 5', classes: '', hit: false, breaks: false }])
  })

  test('with colours is cut where they change, and keeps none of their codes', () => {
    const line = 'a \u001b[31mred\u001b[0m and \u001b[1;32mgreen\u001b[0m'
    expect(segmentsOf(line, '')).toMatchObject([
      { text: 'a ', classes: '' },
      { text: 'red', classes: 'ansi-red-fg' },
      { text: ' and ', classes: '' },
      { text: 'green', classes: expect.stringContaining('ansi-green-fg') },
    ])
    expect(plainText(line)).toBe('a red and green')
  })

  test.each([
    '<img src=x onerror=alert(1)>',
    '\u001b[31m<script>alert("x")</script>\u001b[0m & \'more\'',
    '\u001b]8;;javascript:alert(1)\u001b\\click\u001b]8;;\u001b\\',
  ])('of markup stays text: %j', (line) => {
    for (const { classes } of segmentsOf(line, '')) expect(classes).toMatch(/^[\w -]*$/)
    expect(plainText(line)).not.toMatch(/&lt;|&quot;/)
    expect(plainText('\u001b[31m<b>&amp;</b>\u001b[0m')).toBe('<b>&amp;</b>')
  })
})

describe('a link', () => {
  const [ESC, BEL, ST] = ['\u001b', '\u0007', '\u001b\\']
  const shown = (line: string) => [plainText(line), texts(line).join('')]

  test.each([
    ['BEL', BEL],
    ['ESC \\', ST],
  ])('keeps its text and leads nowhere, ended by %s', (_, end) => {
    const line = `a ${ESC}]8;id=1;http://x/y${end}li${ESC}[31mnk${ESC}[0m, 中文${ESC}]8;;${end} after`
    expect(shown(line)).toEqual(['a link, 中文 after', 'a link, 中文 after'])
    expect(segmentsOf(line, 'link').filter(({ hit }) => hit)).toHaveLength(2)
  })

  test.each([BEL, ST])('that is not closed takes nothing of the line with it: %j', (end) => {
    expect(shown(`a ${ESC}]8;;http://x/y${end}link, and the rest`)).toEqual(['a link, and the rest', 'a link, and the rest'])
  })

  test.each([
    [`a ${ESC}]8;;http://x/y and the rest`, 'a ]8;;http://x/y and the rest'],
    [`a ${ESC}[中文 and the rest`, 'a [中文 and the rest'],
    [`a ${ESC}]0;title${BEL}${ESC}(B${ESC}[2Kand the rest`, 'a and the rest'],
  ])('or another code that does not end takes none either: %j', (line, text) => {
    expect(shown(line)).toEqual([text, text])
  })
})

describe('a line with line breaks', () => {
  test.each(['\n', '\r\n'])('is cut at each of them, and keeps them: %j', (end) => {
    const trace = `Error: x${end}  at a${end}${end}  at b`
    expect(segmentsOf(trace, '').map(({ text, breaks }) => (breaks ? '↵' : text))).toEqual([
      'Error: x',
      '↵',
      '  at a',
      '↵',
      '↵',
      '  at b',
    ])
    expect(texts(trace).join('')).toBe(trace)
    expect(plainText(trace)).toBe(trace)
  })

  test('is found in each of its parts, in colour too', () => {
    const trace = '\u001b[31mError: at x\n  at a\u001b[0m\n  at b'
    expect(segmentsOf(trace, 'at').filter(({ hit }) => hit)).toHaveLength(3)
    expect(segmentsOf(trace, '').filter(({ breaks }) => breaks)).toHaveLength(2)
  })
})

describe('what is searched for', () => {
  test('is marked wherever it stands, in capitals or not', () => {
    expect(segmentsOf('Error and error', 'ERROR').filter(({ hit }) => hit)).toHaveLength(2)
    expect(texts('Error and error', 'error').join('')).toBe('Error and error')
  })

  test('is marked over a change of colour', () => {
    const hits = segmentsOf('x ou\u001b[31mt of\u001b[0m memory', 'out of mem').filter(({ hit }) => hit)
    expect(hits.map(({ text }) => text)).toEqual(['ou', 't of', ' mem'])
  })

  test('marks nothing when it is empty', () => {
    expect(segmentsOf('abc', '').some(({ hit }) => hit)).toBe(false)
  })
})
