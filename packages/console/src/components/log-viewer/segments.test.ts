import { describe, expect, test } from 'vitest'
import { plainText, segmentsOf } from './segments.ts'

const texts = (text: string, q = '') => segmentsOf(text, q).map((segment) => segment.text)

describe('a line', () => {
  test('without colours is one text', () => {
    expect(segmentsOf('rows: 5', '')).toEqual([{ text: 'rows: 5', classes: '', hit: false }])
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
