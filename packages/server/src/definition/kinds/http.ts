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
    }),
  }),
  app: 'builtin',
  fromParams: true,
  handlerOf: () => 'http',
  problems: ({ success }) => (typeof success === 'string' ? expressionProblems(success) : []),
}
