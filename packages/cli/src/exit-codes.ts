import { ERRORS, type ErrorCode } from '@carillon/core'

/** What the command's exit code tells a script. The table in the documentation is made from this one. */
export const EXIT_CODES = {
  OK: { code: 0, meaning: 'Done' },
  FAILED: { code: 1, meaning: 'It did not work: a run that was waited for did not succeed, or something broke' },
  USAGE: { code: 2, meaning: 'The command line or a setting is wrong' },
  NOT_FOUND: { code: 3, meaning: 'There is no such object' },
  REFUSED: { code: 4, meaning: 'The server refused: the token, the right, the state or a value' },
  UNAVAILABLE: { code: 5, meaning: 'The server cannot be reached, or cannot answer right now; trying again may help' },
} as const

export type Exit = keyof typeof EXIT_CODES

/** The exit code that a refusal of the API comes to. */
export function exitOf(code: ErrorCode): Exit {
  if (code === 'NOT_FOUND') return 'NOT_FOUND'
  const { status } = ERRORS[code]
  if (status === 503 || status === 429) return 'UNAVAILABLE'
  return status >= 500 ? 'FAILED' : 'REFUSED'
}
