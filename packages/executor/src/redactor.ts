import type { Outcome, OutcomeError } from './outcome.ts'

/** Takes the values of secrets out of texts that leave the executor. */
export interface Redactor {
  text(text: string): string
  outcome(outcome: Outcome): Outcome
}

const MASK = '********'
/** Shorter ones stand in any text, and would turn a log into asterisks without hiding anything. */
const SHORTEST = 4

/**
 * Masks the exact values, also as they look in JSON, in URLs and as base64, the lines of those with several, and the password of those that
 * are a URL. What a handler makes of a secret in other ways cannot be known; so this is a net, not a wall.
 */
export function createRedactor(secrets: readonly string[] | undefined): Redactor | null {
  const forms = new Set((secrets ?? []).flatMap(formsOf))
  if (forms.size === 0) return null
  // The longest first: a value that holds another must not leave its rest behind.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  const text = (given: string) =>
    ordered.reduce((masked, form) => (masked.includes(form) ? masked.replaceAll(form, MASK) : masked), given)
  return { text, outcome: (outcome) => maskOutcome(outcome, text) }
}

function formsOf(secret: string): string[] {
  const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= 2 * SHORTEST) : []
  return [secret, secret.trim(), ...lines, ...passwordsIn(secret)]
    .filter((value) => value.length >= SHORTEST)
    .flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value.toWellFormed()),
      Buffer.from(value).toString('base64'),
    ])
}

function passwordsIn(secret: string): string[] {
  if (!URL.canParse(secret)) return []
  const { password } = new URL(secret)
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

function maskOutcome(outcome: Outcome, text: (given: string) => string): Outcome {
  if (outcome.kind === 'FAILURE') return { ...outcome, error: maskError(outcome.error, text) }
  if (outcome.kind === 'DETACHED' || outcome.output === undefined) return outcome
  // `bytes` was what it weighed with its secrets; masks are hardly longer.
  return { ...outcome, output: maskJson(outcome.output, text) }
}

function maskError({ code, message, stack }: OutcomeError, text: (given: string) => string): OutcomeError {
  return { ...(code !== undefined && { code }), message: text(message), ...(stack !== undefined && { stack: text(stack) }) }
}

function maskJson(value: unknown, text: (given: string) => string): unknown {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return value.map((child) => maskJson(child, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [text(key), maskJson(child, text)]))
}
