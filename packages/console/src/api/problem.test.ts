import { expect, test } from 'vitest'
import { saying } from '../i18n/said.ts'
import { setLanguage } from '../i18n/texts.ts'
import { ApiProblem, isNotFound, problemSaid } from './problem.ts'

const inChinese = async () => {
  setLanguage('zh')
  try {
    return await saying()
  } finally {
    setLanguage('en')
  }
}

const refused = {
  title: 'The request has fields that are not valid',
  detail: '/body/code is required (and 1 more)',
  problems: [
    { path: '/body/code', message: 'is required' },
    { path: '/body/name', message: 'must NOT have fewer than 1 characters', node: 'a' },
  ],
}

test('a problem is said in the language of the reader: its detail and each of its fields', async () => {
  expect(problemSaid(refused, await inChinese())).toEqual({
    title: '请求中有无效的字段',
    detail: '/body/code 必填(另有 1 处)',
    problems: [
      { path: '/body/code', message: '必填' },
      { path: '/body/name', message: '不能少于 1 个字符', node: 'a' },
    ],
  })
})

test('what cannot be an identifier names nothing, and what is wrong with a body does not say so', () => {
  const field = (path: string) => ({ path, message: 'must be integer' })
  const isNone = (status: number, ...paths: string[]) => isNotFound(new ApiProblem(status, { problems: paths.map(field) }))
  expect([isNone(404), isNone(422, '/params/run')]).toEqual([true, true])
  expect([isNone(422), isNone(422, '/body/code'), isNone(422, '/params/run', '/body/code')]).toEqual([false, false, false])
})

test('in English it stands as it came', async () => {
  expect(problemSaid(refused, await saying())).toEqual(refused)
})

test('what no book knows, and what has no text, stands as it came in any language', async () => {
  const say = await inChinese()
  const foreign = { detail: 'Quota of the proxy exceeded', requestId: 'r1' }
  expect(problemSaid(foreign, say)).toEqual(foreign)
  expect(problemSaid({}, say)).toEqual({})
})
