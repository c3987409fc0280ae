/** UNKNOWN is no pass: too little was seen to say anything. */
export type VerdictState = 'HOLDS' | 'BROKEN' | 'UNKNOWN'

export interface Verdict {
  readonly check: string
  readonly state: VerdictState
  /** What is wrong, the first few of it. */
  readonly problems: readonly string[]
  readonly broken: number
  /** What was looked at, and figures worth reading. */
  readonly counted: Readonly<Record<string, number>>
}

const SHOWN = 10

/** `least` says how much must have been counted for the absence of problems to mean something. */
export function verdict(
  check: string,
  problems: readonly string[],
  counted: Readonly<Record<string, number>>,
  least: Readonly<Record<string, number>> = {},
): Verdict {
  const missing = Object.entries(least).filter(([name, count]) => (counted[name] ?? 0) < count)
  const tooFew = missing.map(([name, count]) => `only ${counted[name] ?? 0} ${name}; ${count} were to be seen`)
  const state = problems.length > 0 ? 'BROKEN' : missing.length > 0 ? 'UNKNOWN' : 'HOLDS'
  return { check, state, problems: [...problems, ...tooFew].slice(0, SHOWN), broken: problems.length, counted }
}
