import Type, { type Static } from 'typebox'
import { ERRORS, type ErrorCode } from '@carillon/core'
import { choice } from './schema.ts'

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]

/** One field that is wrong; in a DAG's definition also of which node or edge. */
export const FieldProblem = Type.Object({
  path: Type.String(),
  message: Type.String(),
  node: Type.Optional(Type.String()),
  edge: Type.Optional(Type.Object({ from: Type.String(), to: Type.String() })),
})

/** Every refusal, as RFC 9457 `application/problem+json`. Programs go by `code`; people read `detail`. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:carillon:problem:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    code: choice(ERROR_CODES),
    detail: Type.String({ description: 'What is wrong in this case and what to do' }),
    problems: Type.Optional(
      Type.Array(FieldProblem, { description: 'The fields that are wrong, by JSON pointer (`/body/timing/expression`)' }),
    ),
    requestId: Type.String(),
  },
  { additionalProperties: true },
)
export type Problem = Static<typeof Problem>
