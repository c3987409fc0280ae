import { expect, test } from 'vitest'
import { collectParam, parseParams } from './params.ts'

const params = (...texts: string[]) => texts.reduce((before, text) => collectParam(text, before), {})

test('what is JSON is taken as JSON, anything else as text', () => {
  expect(params('count=3', 'on=true', 'who=Ada Lovelace', 'zip=01234', 'code="5"', 'list=[1,2]', 'empty=')).toEqual({
    count: 3,
    on: true,
    who: 'Ada Lovelace',
    zip: '01234',
    code: '5',
    list: [1, 2],
    empty: '',
  })
})

test('a dot leads into an object, and what stands there already stays', () => {
  expect(params('to.city=Bonn', 'to.street.no=7')).toEqual({ to: { city: 'Bonn', street: { no: 7 } } })
})

test('only the first equals sign separates', () => {
  expect(params('query=a=b')).toEqual({ query: 'a=b' })
})

test.each(['novalue', '=x'])('%s is refused with the right form', (text) => {
  expect(() => params(text)).toThrow('It should be key=value')
})

test.each(['[1]', '"x"', 'null', '{'])('--params %s is no JSON object', (text) => {
  expect(() => parseParams(text)).toThrow('It should be a JSON object')
})

test('an integer that would be rounded is refused, with the way to write it', () => {
  expect(() => params('order.id=9007199254740993')).toThrow('It is 9007199254740993, an integer beyond')
  expect(() => parseParams('{"order": {"id": 9007199254740993}}')).toThrow('/order/id is 9007199254740993')
  expect(params('id="9007199254740993"', 'n=9007199254740991')).toEqual({ id: '9007199254740993', n: 9007199254740991 })
})
