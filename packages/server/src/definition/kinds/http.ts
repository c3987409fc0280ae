import { choice, dictionary, optional, strict } from '@carillon/contract'
import Type from 'typebox'
import { compileExpression, type FieldProblem } from '@carillon/core'
import type { Kind } from './kind.ts'

const READS = new Set(['status', 'headers', 'body'])

function expressionProblems(text: string): FieldProblem[] {
  const compiled = compileExpression(text)
  const path = '/success'
  if (compiled.kind === 'INVALID') {
    const { message, line, column } = compiled.problem
    return [{ path, message: `cannot be compiled: ${message} (line ${line}, column ${column})` }]
  }
  const unknown = compiled.paths.find(({ names }) => !READS.has(String(names[0])))
  return unknown ? [{ path, message: `reads ${unknown.names.join('.')}; it may read status, headers and body` }] : []
}

const CALLBACK_URL = /\$\{\{\s*callback\.url\s*\}\}/

/** An address that is nowhere to be had would be sent as it is written; one in the path would stand in logs. */
function callbackProblems({ url, headers, body, callback }: Readonly<Record<string, unknown>>): FieldProblem[] {
  const parts = { url, headers, body }
  const places = Object.entries(parts).filter(([, part]) => part !== undefined && CALLBACK_URL.test(JSON.stringify(part)))
  if (callback === undefined)
    return places.map(([name]) => ({
      path: `/${name}`,
      message: 'has a place for callback.url, but the settings have no callback',
    }))
  const isInPath = CALLBACK_URL.test(String(url).split('?', 1)[0]!)
  return isInPath ? [{ path: '/url', message: 'may have callback.url in its query alone, or it would be written to logs' }] : []
}

/** Sends an HTTP request; its status says whether it succeeded. */
export const http: Kind = {
  name: 'http',
  settings: strict({
    method: choice(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
    url: Type.String({
      pattern: '^https?://[^\\s/?#@]+([/?#]\\S*)?$',
      maxLength: 2000,
      description: 'http:// or https://, without user or password',
    }),
    ...optional({
      headers: dictionary(
        { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", maxLength: 100 },
        Type.String({ maxLength: 8000, pattern: '^[^\\r\\n]*$', description: 'one line' }),
        50,
      ),
      body: Type.Unknown({
        description: 'A text is sent as it is, anything else as JSON; left out: the parameters, where the method has a body',
      }),
      successStatuses: Type.Array(Type.Integer({ minimum: 100, maximum: 599 }), {
        minItems: 1,
        maxItems: 50,
        description: 'Left out: 200 to 299',
      }),
      followRedirects: Type.Integer({ minimum: 0, maximum: 5 }),
      success: Type.String({
        minLength: 1,
        maxLength: 2000,
        description:
          'Expression over status, headers (names in lower case) and body that must be true. Left out: the status decides',
        examples: ['status == 200 && body.state == "done"'],
      }),
      idempotent: Type.Boolean({
        description:
          'The other side heeds the idempotency-key header, so that a POST or PATCH may be repeated after a network fault',
      }),
      callback: strict(
        optional({
          timeoutMs: Type.Integer({
            minimum: 1,
            maximum: 2_592_000_000,
            description: "From the 202 to the call; the task's own time-out holds as well. Left out: a day",
          }),
        }),
        {
          description:
            'The other side may answer 202 and finish later: it is given an address to call back, in the header carillon-callback and where headers, body or the query of the url say ${{ callback.url }}',
        },
      ),
    }),
  }),
  app: 'builtin',
  fromParams: true,
  handlerOf: () => 'http',
  problems: (settings) => [
    ...(typeof settings['success'] === 'string' ? expressionProblems(settings['success']) : []),
    ...callbackProblems(settings),
  ],
}
