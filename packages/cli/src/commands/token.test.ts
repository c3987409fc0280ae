import { expect, inject, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'

test('the secret alone is the answer of create, works at once, and is in no list', async () => {
  const { code, out, err } = await run(['token', 'create', 'reader', '--role', 'viewer', '--expires', '1h'])
  expect(code).toBe(0)
  expect(out).toMatch(/^carillon_[A-Za-z0-9_-]{43}\n$/)
  const [, id] = /Token (\d+) \(viewer, until/.exec(err)!
  const secret = out.trim()
  expect((await run(['get', 'tasks', '--token', secret])).code).toBe(0)
  expect((await run(['token', 'list', '--token', secret])).code).toBe(4)
  const list = await run(['token', 'list'])
  expect(list.out).toMatch(new RegExp(`${id} +reader +viewer`))
  expect(list.out).not.toContain(secret)

  expect((await run(['token', 'revoke', id!])).out).toBe(`Token ${id} (reader) is revoked.\n`)
  await expect.poll(async () => (await run(['get', 'tasks', '--token', secret])).code, { timeout: 5_000 }).toBe(4)
})

test('an executor token is bound to its app', async () => {
  expect(await runJson(['token', 'create', 'worker', '--role', 'executor', '--app', 'examples'])).toMatchObject({
    role: 'executor',
    app: { code: 'examples' },
  })
})

test('a token from the environment does as well', async () => {
  const { server, token } = inject('dev')
  expect((await run(['token', 'list'], { CARILLON_SERVER: server, CARILLON_TOKEN: token })).code).toBe(0)
})
