import { afterEach, expect, test, vi } from 'vitest'
import { ApiProblem, ServerUnreachable } from './problem.ts'
import { onConnectionNews, request } from './request.ts'

afterEach(() => vi.unstubAllGlobals())

/** What is thrown for such an answer, and what is told of the connection. */
async function refusal(status: number, type: string, body: string) {
  vi.stubGlobal('fetch', async () => new Response(body, { status, headers: { 'content-type': type } }))
  const told: string[] = []
  const stop = onConnectionNews(({ kind }) => told.push(kind))
  const error = await request({ method: 'GET', path: '/api/v1/runs', tenant: 'shop' }).catch((thrown: unknown) => thrown)
  stop()
  return { error, told }
}

test.each([502, 503, 504])('%i of a proxy, whose body is none of ours, says that the server is gone', async (status) => {
  const { error, told } = await refusal(status, 'text/html', '<h1>Bad gateway</h1>')
  expect(error).toBeInstanceOf(ServerUnreachable)
  expect(told).toEqual(['unreachable'])
})

test('a server that says itself that it cannot is there', async () => {
  const { error, told } = await refusal(503, 'application/problem+json; charset=utf-8', '{"detail":"No database."}')
  expect(error).toBeInstanceOf(ApiProblem)
  expect(told).toEqual([])
})
