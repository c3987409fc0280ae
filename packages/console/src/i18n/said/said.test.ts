import { createValidator, fieldProblems } from '../../../../server/src/definition/validation.ts'
import { routes, type Route } from '@carillon/contract'
import { compileExpression, ERRORS } from '@carillon/core'
import { expect, test } from 'vitest'
import { phraseBook } from './phrase-book.ts'
import { isSilentPlace, sentencesInSources, sentencesOf, SILENT, sources, speaks } from './sentences.test-helper.ts'
import { libraries, lookup, sentences, words } from './zh.ts'

/** What has words in it, and is said to programs. */
const TO_PROGRAMS = new Set([
  'text/plain; charset=utf-8',
  'application/json, text/plain;q=0.9',
  'Bearer {}',
  'Bearer realm="carillon"',
  'Route {}.{} ({} {})',
  'new RegExp',
  'xxl-job executor {}',
  '${{ secrets["{}"] }}',
  'status == 200 && body.state == "done"',
  'retry: 1000\n\n',
  'event: end\ndata: {}\n\n',
  ': waiting\n\n',
  'id: {}\nevent: line\ndata: {}\n\n',
])

/** Stored with an attempt by a part that also refuses something. */
const STORED = new Set([
  'Nobody decided',
  'The event did not come',
  '{} within the time-out of {}.',
  '{} rejected it.',
  '{} rejected it: {}.',
])

const inSources = sentencesInSources()
const book = { ...words, ...sentences, ...libraries }

test('whatever refuses something is read for its sentences, or said to be silent', () => {
  const refusing = sources().filter(({ text }) => /new CarillonError\(|\binvalid(Fields)?\(/.test(text))
  expect(refusing.length).toBeGreaterThan(50)
  expect(refusing.map(({ path }) => path).filter((path) => !speaks(path) && !isSilentPlace(path))).toEqual([])
  expect(Object.keys(SILENT).filter((place) => !sources().some(({ path }) => path.startsWith(place)))).toEqual([])
})

test('what the server composes for people is in the book, every sentence of it', () => {
  expect(inSources.size).toBeGreaterThan(400)
  const missing = [...inSources].filter(
    ([english]) => !TO_PROGRAMS.has(english) && !STORED.has(english) && !Object.hasOwn(book, english),
  )
  expect(missing.map(([english, path]) => `${path}: ${english}`)).toEqual([])
})

test('the book holds nothing that is not said any more', () => {
  const stale = Object.keys(sentences).filter((english) => !inSources.has(english))
  expect(stale).toEqual([])
})

test('a translation has a place for each part of the sentence, and for nothing else', () => {
  const differing = Object.entries(book).filter(([english, translation]) => {
    const parts = english.split('{}').length - 1
    const places = [...translation.matchAll(/\{~?(\d)\}/g)].map(([, index]) => Number(index))
    return places.some((place) => place >= parts) || new Set(places).size !== parts
  })
  expect(differing.map(([english]) => english)).toEqual([])
})

test('each sentence is found as itself, whatever it was filled in with', () => {
  const filled = (text: string) => text.replace(/\{~?(\d)?\}/g, (_, index?: string) => `v${index ?? next++}`)
  let next = 0
  const lost = Object.entries({ ...sentences, ...libraries }).filter(([english, translation]) => {
    next = 0
    return lookup(filled(english)) !== filled(translation)
  })
  expect(lost.map(([english]) => english)).toEqual([])
})

test('what a field of the API must look like is said in the words of its schema', () => {
  const described: string[] = []
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { pattern, description } = schema as { pattern?: unknown; description?: unknown }
    if (typeof pattern === 'string' && typeof description === 'string') described.push(description)
    Object.values(schema).forEach(collect)
  }
  for (const group of Object.values(routes)) for (const { body } of Object.values<Route>(group)) collect(body)
  expect(described.length).toBeGreaterThan(5)
  expect([...new Set(described)].filter((description) => !Object.hasOwn(words, description))).toEqual([])
})

test.each([
  [{ type: 'string' }, 7, '必须是文本'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 7, '必须是文本或空(null)'],
  [{ type: 'integer', minimum: 1 }, 0, '不能小于 1'],
  [{ type: 'integer', maximum: 9 }, 10, '不能大于 9'],
  [{ type: 'number', exclusiveMinimum: 1 }, 1, '必须大于 1'],
  [{ type: 'number', exclusiveMaximum: 1 }, 1, '必须小于 1'],
  [{ type: 'number', multipleOf: 5 }, 3, '必须是 5 的倍数'],
  [{ type: 'string', minLength: 2 }, 'x', '不能少于 2 个字符'],
  [{ type: 'string', maxLength: 2 }, 'xyz', '不能超过 2 个字符'],
  [{ type: 'string', minLength: 2, pattern: '^a' }, 'x', '不能少于 2 个字符; 必须匹配模式 "^a"'],
  [{ type: 'string', enum: ['a', 'b'] }, 'c', '必须是以下之一:a, b'],
  [{ const: 3 }, 4, '必须是3'],
  [{ type: 'array', minItems: 1 }, [], '不能少于 1 项'],
  [{ type: 'array', maxItems: 1 }, [1, 2], '不能超过 1 项'],
  [{ type: 'array', uniqueItems: true }, [1, 1], '不能有重复项(第 0 项与第 1 项相同,从 0 起数)'],
  [{ type: 'array', contains: { const: 1 } }, [2], '至少要有 1 个符合的项'],
  [{ type: 'object', minProperties: 1 }, {}, '不能少于 1 个字段'],
  [{ type: 'object', maxProperties: 0 }, { a: 1 }, '不能超过 0 个字段'],
  [{ type: 'object', required: ['name'] }, {}, '必填'],
  [{ type: 'object', dependentRequired: { a: ['b'] } }, { a: 1 }, '有字段 a 时必须有字段 b'],
  [{ type: 'object', additionalProperties: false, properties: { name: true } }, { nam: 1 }, '此处没有这个字段;是否指 name?'],
  [{ type: 'object', additionalProperties: false, properties: { name: true } }, { zzzz: 1 }, '此处没有这个字段;可用的有 name'],
  [{ type: 'object', additionalProperties: false }, { zzzz: 1 }, '此处没有这个字段'],
  [{ not: { type: 'string' } }, 'x', '不允许的值'],
])('what a schema finds wrong is said in Chinese: %j', (schema, value, said) => {
  const validate = createValidator({ schema, httpPart: 'body' })
  expect(validate(value)).toBe(false)
  expect(fieldProblems(validate.errors ?? [], '').map(({ message }) => lookup(message))).toContain(said)
})

test.each([
  ['1 +', '意外的内容:表达式结尾'],
  ['a $ b', '意外的字符:$'],
  ['(1', '应为 RPAREN,实际为 表达式结尾'],
  ["'abc", '文本没有结束引号'],
  ['foo(1)', '没有函数 foo();可用的是 '],
])('why an expression cannot be read is said in Chinese: %s', (expression, said) => {
  const compiled = compileExpression(expression)
  expect(compiled.kind === 'INVALID' && lookup(compiled.problem.message)).toContain(said)
})

test.each([
  ['The app orders is paused.', '应用 orders 已暂停。'],
  ['No executor serves the handler bill in the app orders.', '没有执行器提供应用 orders 中的处理器 bill。'],
  [
    'The app a keeps 1 place for the task t on each executor, and no other is free.',
    '应用 a 为每个执行器上的任务 t 预留了 1 个位置,没有其他空位。',
  ],
  ['Waits for the decision of a person with the role owner or admin.', '等待所有者或管理员审批。'],
  ['Waits for the end of a, b and 3 more nodes.', '等待 a、b 和另外 3 个节点 结束。'],
  [
    'This task type is used by the tasks a, b. Change or delete them first.',
    '此任务类型正被任务 a, b 使用。请先修改或删除它们。',
  ],
  [
    'day of month 32 does not exist: it runs from 1 to 31 (at position 6); use a number from 1 to 31',
    '日期 32 不存在:范围是 1 到 31(位置 6);请使用 1 到 31 的数字',
  ],
  ['"+" cannot be applied to int and string (line 1, column 3).', '"+" 不能用于整数和文本(第 1 行第 3 列)。'],
])('what stands in a part is said, too: %s', (english, said) => {
  expect(lookup(english)).toBe(said)
})

test('what is filled in stays as people wrote it, be it a sentence of the book', () => {
  expect(lookup('The app is required is paused.')).toBe('应用 is required 已暂停。')
  expect(lookup(`There is no node "${'$&{0}{~1}'}".`)).toBe('没有节点 "$&{0}{~1}"。')
})

test('a text that is not in the book has no translation', () => {
  expect(lookup('Disk full on node 3')).toBeNull()
  expect(lookup('Full; nobody, and nothing, is left')).toBeNull()
  expect(lookup('')).toBeNull()
  expect(lookup('x'.repeat(10_000))).toBeNull()
})

test('what could be read in a thousand million ways is read in one of the first', () => {
  const say = phraseBook({ '{}a{}a{}a{}a{}a{}': '{0}{1}{2}{3}{4}{5}' }, {})
  expect(say('a'.repeat(300))).toHaveLength(295)
})

test('a phrase is read in the way that leaves least as it is', () => {
  const say = phraseBook({ '{} {} is gone.': '{~0} {1} 没了。' }, { 'day of month': '日期' })
  expect(say('day of month 3 is gone.')).toBe('日期 3 没了。')
})

test('texts of a source are found with their choices, and what is for programs is left out', () => {
  const source = "const a = `in ${b ? 'the app' : `the task ${c}`} there`; throw new Error(`no ${x} here`); import y from 'a b'"
  expect(sentencesOf(source, 'x.ts')).toEqual(['in the app there', 'in the task {} there'])
})

test('the titles of all errors are in the book', () => {
  expect(Object.values(ERRORS).filter(({ title }) => lookup(title) === null)).toEqual([])
})
