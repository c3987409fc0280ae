import { expect, it } from 'vitest'
import { defineHandler } from './define-handler.ts'
import { createRedactor } from './redactor.ts'
import { runHandler } from './testing/index.ts'

it('masks a secret as it is, and in JSON, in a URL and as base64', () => {
  const secret = 'p"ss wörd'
  const forms = [secret, JSON.stringify(secret), `?key=${encodeURIComponent(secret)}`, Buffer.from(secret).toString('base64')]
  const { text } = createRedactor([secret])!
  expect(forms.map(text)).toEqual(['********', '"********"', '?key=********', '********'])
})

it('masks the password of a secret that is a URL, and the lines of one with several', () => {
  const { text } = createRedactor(['postgres://app:hunter22@db/shop', '-----BEGIN-----\nMIIEowIBAAKCAQEA\n-----END-----'])!
  expect(text('login of app with hunter22 failed')).toBe('login of app with ******** failed')
  expect(text('key MIIEowIBAAKCAQEA')).toBe('key ********')
})

it('masks the longer of two secrets whole', () => {
  expect(createRedactor(['abcd', 'abcdefgh'])!.text('abcdefgh and abcd')).toBe('******** and ********')
})

it('leaves texts alone where a secret is too short to be told from them', () => {
  expect(createRedactor(['abc'])).toBeNull()
})

it('S33 keeps the secrets of an attempt out of everything that it says', async () => {
  const canary = 'canary-4711-canary'
  const leaky = defineHandler({
    name: 'leaky',
    run: ({ params, log, progress, attempt }) => {
      log.info('got', params)
      progress(50, `half with ${canary}`)
      if (attempt === 2) throw new Error(`cannot use ${canary}`)
      return { echoed: params, list: [canary], [canary]: 1 }
    },
  })
  const instance = { params: { key: canary }, secrets: [canary] }
  const said = [await runHandler(leaky, instance), await runHandler(leaky, { ...instance, attempt: 2 })]
  expect(said.map(({ outcome }) => outcome)).toEqual(['SUCCESS', 'FAILURE'])
  expect(JSON.stringify(said)).not.toContain(canary)
  expect(said[0]!.output).toEqual({ echoed: { key: '********' }, list: ['********'], '********': 1 })
})
