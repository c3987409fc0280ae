import type { FieldProblem } from '@carillon/core'
import type { TObject } from 'typebox'

/** A kind of work: what its settings are, who executes it, and under which handler name. One file a kind, listed in `index.ts`. */
export interface Kind {
  readonly name: string
  readonly settings: TObject
  /** `own`: the executors of the type's app. `builtin`: the executor that ships with the product. */
  readonly app: 'own' | 'builtin'
  /** A type may leave the settings to its tasks, whose parameters are then the settings: `{ "fromParams": true }`. */
  readonly fromParams?: true
  /** What is wrong with settings that fit the schema; paths lead into them. */
  readonly problems?: (settings: Readonly<Record<string, unknown>>) => FieldProblem[]
  handlerOf(settings: Readonly<Record<string, unknown>>): string
}
