import { expect, test } from 'vitest'
import { given, listOf, parseSearch, stringifySearch, textSearch } from './search.ts'

test('a search reads as people write it, and is the same after a round trip', () => {
  const search = { state: 'FAILED,TIMEOUT', param: 'region=eu west', from: '1795295262221' }
  expect(stringifySearch(search)).toBe('?state=FAILED,TIMEOUT&param=region%3Deu+west&from=1795295262221')
  expect(parseSearch(stringifySearch(search))).toEqual(search)
})

test('what a page does not know is not taken from the address', () => {
  expect(textSearch('state')({ state: 'FAILED', evil: 'x' })).toEqual({ state: 'FAILED' })
})

test('what is not given is left out', () => {
  expect([listOf(undefined), listOf('a,b'), given({ a: 1, b: undefined })]).toEqual([undefined, ['a', 'b'], { a: 1 }])
})
