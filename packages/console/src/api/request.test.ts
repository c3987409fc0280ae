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

test('who is signed out is told so, and not to send a token', async () => {
  const body = '{"detail":"Send a valid token: `authorization: Bearer carillon_…`."}'
  const { error, told } = await refusal(401, 'application/problem+json; charset=utf-8', body)
  expect((error as ApiProblem).message).toBe('You are no longer signed in. Sign in again.')
  expect(told).toEqual(['reachable', 'signed-out'])
})

test('a question that nobody answers is given up, and the server said to be gone; what changes something waits on', async () => {
  vi.useFakeTimers()
  const signals: (AbortSignal | null | undefined)[] = []
  vi.stubGlobal(
    'fetch',
    (_: string, { signal }: RequestInit) =>
      new Promise((_answer, reject) => {
        signals.push(signal)
        signal?.addEventListener('abort', () => reject(signal.reason as Error))
      }),
  )
  const told: string[] = []
  const stop = onConnectionNews(({ kind }) => told.push(kind))
  const asked = request({ method: 'GET', path: '/api/v1/runs', tenant: 'shop' }).catch((thrown: unknown) => thrown)
  void request({ method: 'POST', path: '/api/v1/runs', tenant: 'shop' })
  await vi.advanceTimersByTimeAsync(9_000)
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await asked).toBeInstanceOf(ServerUnreachable)
  expect(told).toEqual(['unreachable'])
  expect(signals.map((signal) => signal?.aborted ?? false)).toEqual([true, false])
  stop()
  vi.useRealTimers()
})

test('an answer that has begun may take as long as it takes', async () => {
  vi.useFakeTimers()
  let signal: AbortSignal | null | undefined
  vi.stubGlobal('fetch', async (_: string, asked: RequestInit) => {
    signal = asked.signal
    return new Response('{}', { status: 200 })
  })
  await request({ method: 'GET', path: '/api/v1/instances/1/logs/text', tenant: 'shop' })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(signal?.aborted).toBe(false)
  vi.useRealTimers()
})
