import { promisify, TextDecoder } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { HttpAnswer } from './http-exchange.ts'

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const

/** The body as text. Decoding stops at `maxBytes` and throws ERR_BUFFER_TOO_LARGE: a small bomb must not become a large text. */
export async function textOf({ headers, body }: HttpAnswer, maxBytes: number): Promise<string> {
  const encoding = oneOf(headers['content-encoding']).trim().toLowerCase()
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding as keyof typeof DECODERS] : null
  const bytes = decode === null || body.length === 0 ? body : await decode(body, { maxOutputLength: maxBytes })
  // PostgreSQL stores no NUL in a text.
  return decoderOf(oneOf(headers['content-type'])).decode(bytes).replaceAll('\0', '\uFFFD')
}

/** The text as JSON where the answer calls itself JSON and is; otherwise the text. Nothing is null. */
export function bodyOf(text: string, contentType: string | readonly string[] | undefined): unknown {
  if (text === '') return null
  if (!/^\s*(application|text)\/([\w.+-]+\+)?json\s*(;|$)/i.test(oneOf(contentType))) return text
  try {
    const value: unknown = JSON.parse(text)
    return isStorable(value) ? value : text
  } catch {
    return text
  }
}

/** Headers that tell something about the answer. Cookies are credentials, and nobody would send them back. */
const TOLD = ['content-type', 'etag', 'last-modified', 'location', 'retry-after', 'x-request-id'] as const

export function toldHeaders(headers: HttpAnswer['headers']): Record<string, string> {
  return Object.fromEntries(TOLD.flatMap((name) => (headers[name] === undefined ? [] : [[name, oneOf(headers[name])]])))
}

export function oneOf(value: string | readonly string[] | undefined): string {
  return value === undefined || typeof value === 'string' ? (value ?? '') : value.join(', ')
}

/** Bytes that are not valid become replacement characters, and so does what an unknown charset means. */
function decoderOf(contentType: string): TextDecoder {
  const label = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder()
  }
}

/** JSON can spell what PostgreSQL's jsonb cannot keep: NUL and half a character. These are the only ones left escaped in this way. */
function isStorable(value: unknown): boolean {
  return !/\\u(0000|d[89a-f])/.test(JSON.stringify(value))
}
