import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Answers the console's page where a person's browser asks for an address that is none of the API's; null: it did not. */
export type ConsolePage = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null

/**
 * The console: its built files from memory, each a route of its own, so that no path leads anywhere else. Without a build (a test from the
 * sources) there is none.
 */
export function serveConsole(app: FastifyInstance, folder = builtConsole()): ConsolePage {
  if (folder === null || !existsSync(join(folder, 'index.html'))) return () => null
  for (const file of filesIn(folder)) serveFile(app, folder, file)
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  return (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const wanted = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html') && !/^\/api(\/|$)/.test(path)
    return wanted ? sendPage(reply, page) : null
  }
}

/** Of the package of that name, wherever it is installed. */
function builtConsole(): string | null {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@carillon/console/package.json')), 'dist')
  } catch {
    return null
  }
}

function filesIn(folder: string): string[] {
  const assets = existsSync(join(folder, 'assets')) ? readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`) : []
  const besides = readdirSync(folder).filter((name) => extname(name) !== '' && name !== 'index.html' && !name.startsWith('.'))
  return [...assets, ...besides].filter((file) => TYPES[extname(file)] !== undefined)
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
}

const pack = promisify(gzip)

function serveFile(app: FastifyInstance, folder: string, file: string): void {
  const content = readFileSync(join(folder, file))
  const headers = {
    'content-type': TYPES[extname(file)],
    // An asset's name holds its hash: under this name it is the same for ever.
    'cache-control': file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
    vary: 'accept-encoding',
  }
  // Packed when it is first asked for; once for everyone.
  let packed: Promise<Buffer> | undefined
  app.get(`/${file}`, async (request, reply) => {
    reply.headers(headers)
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(content)
    packed ??= pack(content, { level: 9 })
    return reply.header('content-encoding', 'gzip').send(await packed)
  })
}

/** No script but the console's own files; of styles also the elements that carry this answer's nonce. */
function sendPage(reply: FastifyReply, page: string): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  return reply
    .code(200)
    .headers({
      'content-security-policy': [
        "default-src 'none'",
        "script-src 'self'",
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      // The next build has other names of files in it.
      'cache-control': 'no-cache',
    })
    .type('text/html; charset=utf-8')
    .send(page.replaceAll('__CARILLON_NONCE__', nonce))
}
