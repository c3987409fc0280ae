import { choice, dictionary, optional, strict } from '@carillon/contract'
import Type from 'typebox'
import type { Kind } from './kind.ts'

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
    }),
  }),
  app: 'builtin',
  handlerOf: () => 'http',
}
