import { phraseBook } from './phrase-book.ts'
import { dags } from './zh/dags.ts'
import { definitions } from './zh/definitions.ts'
import { expressions } from './zh/expressions.ts'
import { fields } from './zh/fields.ts'
import { libraries } from './zh/libraries.ts'
import { requests } from './zh/requests.ts'
import { runs } from './zh/runs.ts'
import { schedules } from './zh/schedules.ts'
import { why } from './zh/why.ts'
import { words } from './zh/words.ts'

/** What stands in our sources. */
export const sentences = { ...requests, ...fields, ...definitions, ...schedules, ...dags, ...expressions, ...runs, ...why }
export { libraries, words }

export const lookup = phraseBook({ ...sentences, ...libraries }, words)
