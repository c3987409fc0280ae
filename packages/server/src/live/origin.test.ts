import { expect, test } from 'vitest'
import { isOwnOrigin } from './origin.ts'

test.each([
  ['http://carillon.example.org', 'carillon.example.org', true],
  ['https://carillon.example.org', 'carillon.example.org:443', true],
  ['http://127.0.0.1:7070', '127.0.0.1:7070', true],
  ['http://[::1]:7070', '[::1]:7070', true],
  ['http://CARILLON.example.org', 'carillon.example.org', true],
  [undefined, 'carillon.example.org', true],
  ['http://evil.example.org', 'carillon.example.org', false],
  ['http://carillon.example.org:8080', 'carillon.example.org', false],
  ['http://carillon.example.org.evil.org', 'carillon.example.org', false],
  ['http://carillon.example.org@evil.org', 'carillon.example.org', false],
  ['null', 'carillon.example.org', false],
  ['', 'carillon.example.org', false],
  ['http://carillon.example.org', undefined, false],
])('a page at %s on a server called as %s: its own is %s', (origin, host, own) => {
  expect(isOwnOrigin(origin, host)).toBe(own)
})
