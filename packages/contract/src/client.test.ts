import { CarillonError } from '@carillon/core'
import { describe, expect, test } from 'vitest'
import { createClient, readEvents, type Fetch } from './client.ts'

interface Sent {
  readonly url: string
  readonly method: string | undefined
  readonly headers: Record<string, string>
  readonly body: unknown
}

function clientThat(answers: (sent: Sent) => Response, more: { tenant?: string } = {}) {
  const sent: Sent[] = []
  const fetch: Fetch = async (url, { method, headers, body }) => {
    sent.push({ url, method, headers: headers as Record<string, string>, body })
    return answers(sent.at(-1)!)
  }
  return { client: createClient({ baseUrl: 'http://server:7070/', token: 'carillon_x', fetch, ...more }), sent }
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })

test('a call becomes the request that its route says', async () => {
  const { client, sent } = clientThat(() => json(201, { runId: 5 }), { tenant: 'shop' })
  const call = { params: { task: 'a/b c' }, body: { params: { n: 1 } } }
  expect(await client.runs.trigger(call, { idempotencyKey: 'k' })).toEqual({ runId: 5 })
  expect(sent).toEqual([
    {
      url: 'http://server:7070/api/v1/tasks/a%2Fb%20c/trigger',
      method: 'POST',
      headers: {
        authorization: 'Bearer carillon_x',
        'content-type': 'application/json',
        'carillon-tenant': 'shop',
        'idempotency-key': 'k',
      },
      body: '{"params":{"n":1}}',
    },
  ])
})

test('an identifier in a path may be the number that it is, or text', async () => {
  const { client, sent } = clientThat(() => json(200, {}))
  await client.runs.get({ params: { run: 12 } })
  await client.runs.get({ params: { run: '12' } })
  expect(sent.map(({ url }) => url)).toEqual(Array(2).fill('http://server:7070/api/v1/runs/12'))
})

test('a list in the query is repeated, what is undefined is left out', async () => {
  const { client, sent } = clientThat(() => json(200, { items: [], nextCursor: null }))
  await client.runs.list({ query: { state: ['FAILED', 'TIMEOUT'], limit: 5 } })
  await client.runs.list()
  expect(sent.map(({ url }) => url.slice('http://server:7070'.length))).toEqual([
    '/api/v1/runs?state=FAILED&state=TIMEOUT&limit=5',
    '/api/v1/runs',
  ])
})

test('a deletion answers nothing', async () => {
  const { client } = clientThat(() => new Response(null, { status: 204 }))
  expect(await client.tasks.remove({ params: { task: 1 } })).toBeUndefined()
})

describe('a refusal is thrown', () => {
  const thrown = async (answer: Response): Promise<CarillonError> => {
    const { client } = clientThat(() => answer)
    return client.tasks.list().then(
      () => expect.fail('nothing was thrown'),
      (error: CarillonError) => error,
    )
  }

  test('with code, detail and the fields that are wrong', async () => {
    const problems = [{ path: '/body/code', message: 'is required' }]
    const error = await thrown(json(422, { code: 'VALIDATION_FAILED', detail: 'No.', problems, requestId: 'r1' }))
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', message: 'No.', problems, extra: { requestId: 'r1', status: 422 } })
  })

  test('also where something between answers that speaks no JSON', async () => {
    const error = await thrown(new Response('<h1>Bad gateway</h1>', { status: 502 }))
    expect([error.code, error.message]).toEqual(['UNAVAILABLE', expect.stringContaining('502')])
  })
})

describe('server-sent events', () => {
  async function* pieces(text: string, size: number): AsyncGenerator<string> {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
  }
  const text =
    ': hello\n\nretry: 1000\n\nid: 1\nevent: line\ndata: {"a":1}\n\n: waiting\n\nid: 2\nevent: line\ndata: x\ndata: y\n\nevent: end\ndata: {}\n\n'

  test.each([1, 2, 7, 1000])('are read in pieces of %i', async (size) => {
    const events = []
    for await (const event of readEvents(pieces(text, size))) events.push(event)
    expect(events).toEqual([
      { id: '1', event: 'line', data: '{"a":1}' },
      { id: '2', event: 'line', data: 'x\ny' },
      { id: '', event: 'end', data: '{}' },
    ])
  })
})
