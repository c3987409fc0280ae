import { expect, it } from 'vitest'
import { http } from './http.ts'

it.each([
  ['status == 200 && body.state == "done"', null],
  ['headers["x-state"] == "late"', null],
  ['status ==', 'cannot be compiled'],
  ['params.day == 1', 'reads params.day; it may read status, headers and body'],
])('a type with the success expression %s is refused while it is written, where it could not hold: %s', (success, problem) => {
  const [found] = http.problems!({ success })
  if (problem === null) expect(found).toBeUndefined()
  else expect(found).toMatchObject({ path: '/success', message: expect.stringContaining(problem) })
})

it.each([
  [
    { url: 'http://x/?cb=${{callback.url}}', headers: { x: '${{ callback.url }}' }, body: ['${{callback.url}}'], callback: {} },
    null,
  ],
  [{ url: 'http://x/', body: { to: '${{ callback.url }}' } }, '/body'],
  [{ url: 'http://x/${{callback.url}}', callback: {} }, '/url'],
])('a type with the settings %j may say where the callback stands, or is refused at %s', (settings, path) => {
  expect(http.problems!(settings)[0]?.path ?? null).toBe(path)
})
