import Type, { type TSchema } from 'typebox'
import { ERROR_CODES } from './problem.ts'
import { BodyRef, Text, choice, strict } from './schema.ts'

export const BULK_MAX = 1000

export const Refs = Type.Array(BodyRef, { minItems: 1, maxItems: BULK_MAX, uniqueItems: true })

/** Each item is answered by itself, in the order of the request: a bad one does not stop the others. */
export const ItemResult = strict({
  ref: Type.String(),
  ok: Type.Boolean(),
  code: Type.Optional(choice(ERROR_CODES)),
  detail: Type.Optional(Text(10_000)),
})

export const BulkAnswer = strict({ items: Type.Array(ItemResult), succeeded: Type.Integer(), failed: Type.Integer() })

export function bulkAnswerOf<T extends TSchema>(item: T) {
  return strict({ items: Type.Array(item), succeeded: Type.Integer(), failed: Type.Integer() })
}
