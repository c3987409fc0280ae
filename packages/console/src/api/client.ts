import type { CallOptions, Client } from '@carillon/contract'
import table from 'virtual:carillon-routes'
import { request } from './request.ts'

interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/**
 * Every route of the contract as a typed method, with the session's cookie, acting in one tenant (null: in none).
 *
 * @example
 * const { items } = await api.runs.list({ query: { state: ['FAILED'] } })
 */
export function createApi(tenant: string | null): Client {
  const groups = Object.entries(table).map(([group, methods]) => {
    const entries = Object.entries(methods).map(([name, route]) => [name, methodOf(route, tenant)])
    return [group, Object.fromEntries(entries)]
  })
  return Object.fromEntries(groups) as Client
}

function methodOf(route: string, tenant: string | null) {
  const [method, template] = route.split(' ') as [string, string]
  return async (input: AnyInput = {}, call: CallOptions = {}): Promise<unknown> => {
    const response = await request({
      method,
      path: pathOf(template, input.params ?? {}),
      query: input.query,
      body: input.body,
      tenant,
      headers: { ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }), ...call.headers },
      signal: call.signal,
    })
    if (response.status === 204) return undefined
    return response.headers.get('content-type')?.includes('json') ? response.json() : piecesOf(response)
  }
}

function pathOf(template: string, params: Readonly<Record<string, unknown>>): string {
  return template.replace(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
}

async function* piecesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value
}
