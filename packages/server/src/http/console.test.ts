import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveConsole } from './console.ts'

const folder = mkdtempSync(join(tmpdir(), 'carillon-console-'))
let app: FastifyInstance

beforeAll(() => {
  mkdirSync(join(folder, 'assets'))
  writeFileSync(
    join(folder, 'index.html'),
    '<meta nonce="__CARILLON_NONCE__"><script src="/assets/a-1.js" nonce="__CARILLON_NONCE__">',
  )
  writeFileSync(join(folder, 'assets', 'a-1.js'), 'the script')
  writeFileSync(join(folder, 'favicon.svg'), '<svg/>')
  writeFileSync(join(folder, 'notes.txt'), 'of nobody’s concern')
  app = fastify()
  const page = serveConsole(app, folder)
  app.setNotFoundHandler((request, reply) => page(request, reply) ?? reply.code(404).send('nothing here'))
})

afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const ask = (url: string, headers: Record<string, string> = { accept: 'text/html' }) => app.inject({ url, headers })

test('every address that is none of the API’s is the page, under a nonce of its own', async () => {
  const [one, other] = [await ask('/t/acme/runs?state=FAILED'), await ask('/')]
  const nonces = [one, other].map((answer) => /nonce="([^"]+)"><script/.exec(answer.body)?.[1])
  expect(one.statusCode).toBe(200)
  expect(one.headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonces[0]}'`)
  expect(one.headers['content-security-policy']).toContain("script-src 'self';")
  expect(one.headers['content-security-policy']).not.toContain('unsafe')
  expect(one.headers['cache-control']).toBe('no-cache')
  expect(nonces[0]).not.toBe(nonces[1])
})

test('paths of the API, and whoever does not ask for a page, get no page', async () => {
  const answers = [await ask('/api/v1/nothing'), await ask('/api'), await ask('/t/acme', { accept: 'application/json' })]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404])
})

test('assets may be kept for ever, and come packed to who takes that', async () => {
  const plain = await ask('/assets/a-1.js', {})
  const packed = await ask('/assets/a-1.js', { 'accept-encoding': 'gzip, br' })
  expect([plain.body, plain.headers['cache-control']]).toEqual(['the script', 'public, max-age=31536000, immutable'])
  expect(gunzipSync(packed.rawPayload).toString()).toBe('the script')
  expect((await ask('/favicon.svg', {})).headers['cache-control']).toBe('public, max-age=3600')
})

test('nothing but those files is handed out', async () => {
  for (const path of ['/notes.txt', '/assets/../index.html', '/assets/%2e%2e/notes.txt', '/.vite/manifest.json'])
    expect((await ask(path, {})).statusCode, path).toBe(404)
})

test('without a build there is no page, and the server starts all the same', async () => {
  const bare = fastify()
  const page = serveConsole(bare, join(folder, 'nowhere'))
  bare.setNotFoundHandler((request, reply) => page(request, reply) ?? reply.code(404).send('nothing here'))
  expect((await bare.inject({ url: '/', headers: { accept: 'text/html' } })).statusCode).toBe(404)
  await bare.close()
})
