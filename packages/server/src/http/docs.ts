import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'

/**
 * `/docs`: the API's description as an interactive page. The page itself is the same for everyone and tells nothing; the description is
 * fetched with the token that it asks for, and the calls that are tried go out with it. It stays in the tab's memory.
 */
export function serveDocs(app: FastifyInstance): void {
  app.get('/docs', async (_, reply) => reply.redirect('/docs/'))
  for (const [path, file] of Object.entries(FILES)) {
    app.get(path, async (_, reply) => reply.headers({ ...HEADERS, 'content-type': file.type }).send(await file.read()))
  }
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-cache',
}

// The page's library comes with the package of the same name for fastify, whose own plugin would want a document without a token.
const library = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')), 'static')
const vendored = (name: string) => () => readFile(join(library, name))

const FILES: Readonly<Record<string, { type: string; read: () => Promise<string | Buffer> }>> = {
  '/docs/': { type: 'text/html; charset=utf-8', read: async () => PAGE },
  '/docs/page.css': { type: 'text/css; charset=utf-8', read: async () => STYLE },
  '/docs/page.js': { type: 'text/javascript; charset=utf-8', read: async () => SCRIPT },
  '/docs/swagger-ui.css': { type: 'text/css; charset=utf-8', read: vendored('swagger-ui.css') },
  '/docs/swagger-ui-bundle.js': { type: 'text/javascript; charset=utf-8', read: vendored('swagger-ui-bundle.js') },
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Carillon API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="stylesheet" href="page.css">
</head>
<body>
<form id="sign-in">
<h1>Carillon API</h1>
<label>Access token <input id="token" type="password" autocomplete="off" placeholder="carillon_…" required></label>
<button>Show the API</button>
<p id="problem" role="alert"></p>
</form>
<div id="api"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="page.js"></script>
</body>
</html>
`

const STYLE = `body { margin: 0; font-family: system-ui, sans-serif }
#sign-in { max-width: 36rem; margin: 4rem auto; padding: 0 1rem }
#sign-in[hidden] { display: none }
#token { display: block; width: 100%; box-sizing: border-box; margin: .5rem 0 1rem; padding: .5rem; font: inherit }
button { padding: .5rem 1rem; font: inherit }
#problem { color: #b00020 }
`

const SCRIPT = `'use strict'
const form = document.getElementById('sign-in')
const problem = document.getElementById('problem')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const authorization = 'Bearer ' + document.getElementById('token').value.trim()
  const answer = await fetch('/api/v1/openapi.json', { headers: { authorization } })
  const body = await answer.json()
  if (!answer.ok) {
    problem.textContent = body.detail
    return
  }
  form.hidden = true
  SwaggerUIBundle({
    spec: body,
    dom_id: '#api',
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      request.headers.authorization = authorization
      return request
    },
  })
})
`
