import { choice, dictionary } from '@carillon/contract'
import Type from 'typebox'

/** A text that a program is given: an argument, a variable. */
export const Value = Type.String({ maxLength: 32_768 })

/** What scripts and containers have in common. */
export const programSettings = {
  env: dictionary({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 100 }, Value, 100),
  output: choice(
    ['file', 'last-line'],
    'file: JSON in the file that CARILLON_OUTPUT names; last-line: JSON in the last line of standard output. Left out: file',
  ),
  fatalExitCodes: Type.Array(Type.Integer({ minimum: 1, maximum: 255 }), {
    maxItems: 50,
    description: 'Exit codes after which it is not tried again',
  }),
}
