import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Egress } from '@carillon/executor'
import { EgressRefused, judgedAddress } from './egress.ts'

export interface PostOptions {
  readonly egress: Egress
  readonly signal: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

export interface PostAnswer {
  readonly status: number
  readonly text: string
}

const ANSWER_BYTES = 100_000
const ANSWER_MS = 30_000

/** Posts JSON to a judged address. Redirects are not followed: what was judged is what is called. */
export async function post(address: string, body: string, { egress, signal, headers }: PostOptions): Promise<PostAnswer> {
  const url = urlOf(address)
  const host = await judgedAddress(url.hostname, egress)
  const options = {
    ...{ method: 'POST', host, port: url.port, path: url.pathname + url.search, servername: url.hostname },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), host: url.host, ...headers },
  }
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(options, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        if (text.length < ANSWER_BYTES) text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null
  // What stands in it may be a secret, so it is not told.
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new EgressRefused('The address is no http:// or https:// URL')
  return url
}
