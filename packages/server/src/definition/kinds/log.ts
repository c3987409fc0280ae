import { LogLevel, strict } from '@carillon/contract'
import Type from 'typebox'
import type { Kind } from './kind.ts'

/** Writes a line to its log: for trying things out. */
export const log: Kind = {
  name: 'log',
  settings: strict({ message: Type.String({ maxLength: 8000 }), level: Type.Optional(LogLevel) }),
  app: 'builtin',
  handlerOf: () => 'log',
}
