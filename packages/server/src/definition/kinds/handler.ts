import { strict } from '@carillon/contract'
import Type from 'typebox'
import type { Kind } from './kind.ts'

/** A named function in an executor of the type's app. */
export const handler: Kind = {
  name: 'handler',
  settings: strict({
    handler: Type.String({ minLength: 1, maxLength: 200, description: 'Name under which executors serve it' }),
  }),
  app: 'own',
  handlerOf: (settings) => String(settings['handler']),
}
