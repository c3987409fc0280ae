import { LiveRequest } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { invalidFields } from '../definition/invalid.ts'
import { createValidator, fieldProblems } from '../definition/validation.ts'

/** `id`: which of the client's requests is refused; 0: it cannot be told. */
type Read = { readonly value: LiveRequest } | { readonly id: number; readonly error: CarillonError }

const validate = createValidator({ schema: LiveRequest, httpPart: 'body' })

/** What a client sent, as what it asks for. */
export function readRequest(text: string): Read {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { id: 0, error: new CarillonError('MALFORMED_REQUEST', 'The message is not valid JSON.') }
  }
  if (validate(value)) return { value: value as LiveRequest }
  const { id } = (value ?? {}) as { id?: unknown }
  const problems = fieldProblems(validate.errors ?? [], '')
  return { id: Number.isSafeInteger(id) && (id as number) > 0 ? (id as number) : 0, error: invalidFields(problems) }
}

/** Messages of a client within ten seconds. */
const MOST_MESSAGES = 500
const WINDOW_MS = 10_000

/** Counts a client's messages; answers whether one is too many. `now`: milliseconds of a clock that never goes back. */
export function createMessageLimit(now: () => number): () => boolean {
  let since = now()
  let count = 0
  return () => {
    if (now() - since > WINDOW_MS) {
      since = now()
      count = 0
    }
    return ++count > MOST_MESSAGES
  }
}
