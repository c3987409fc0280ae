import { compileExpression, LONGEST_DAG_EXPRESSION } from '@carillon/core'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { DagExpression } from './dag-definition.ts'

test.each([
  [LONGEST_DAG_EXPRESSION, true],
  [LONGEST_DAG_EXPRESSION + 1, false],
])('the wire takes an expression of %i characters where the compiler does: %s', (length, taken) => {
  const text = '1'.padEnd(length)
  expect(compileExpression(text).kind === 'OK').toBe(taken)
  expect(Value.Check(DagExpression, text)).toBe(taken)
})
