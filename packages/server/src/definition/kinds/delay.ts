import { strict } from '@carillon/contract'
import Type from 'typebox'
import type { Kind } from './kind.ts'

/** Waits: for trying things out. */
export const delay: Kind = {
  name: 'delay',
  settings: strict({ ms: Type.Integer({ minimum: 0, maximum: 86_400_000 }) }),
  app: 'builtin',
  handlerOf: () => 'delay',
}
