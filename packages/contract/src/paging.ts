import Type, { type TSchema } from 'typebox'
import { strict } from './schema.ts'

/**
 * Keyset paging: a page names where the next one begins, so that pages stay right and cheap while rows come and go. `nextCursor` is
 * opaque; null means there is nothing more.
 */
export const Paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items a page' })),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: '`nextCursor` of the page before' })),
}

export const DEFAULT_LIMIT = 50

export function pageOf<T extends TSchema>(item: T) {
  return strict({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })
}

/** The orders in which configuration objects are listed. */
export const Sort = Type.Optional(
  Type.Unsafe<'code' | '-id'>({
    type: 'string',
    enum: ['code', '-id'],
    default: 'code',
    description: 'By code, or newest first',
  }),
)
