import { CarillonError, type ErrorCode } from '@carillon/core'
import { printJson, type ApiOptions } from './api.ts'
import type { Cli } from './cli.ts'
import { exitOf } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { printable } from './printable.ts'

/** What became of one of several that a command was given. */
export interface Answer {
  readonly ok: boolean
  readonly code?: ErrorCode | undefined
  readonly detail?: string | undefined
}

interface Words<T> {
  /** `Run 17` */
  readonly name: (answer: T) => string
  /** What follows the name of what was done: `is paused` */
  readonly done: (answer: T) => string
}

/** Tells what was done, then fails with what was refused; the first of it says the exit code. */
export function tellEach<T extends Answer>(
  cli: Cli,
  { json }: ApiOptions,
  answers: readonly T[],
  { name, done }: Words<T>,
): void {
  if (json) printJson(cli, answers)
  else for (const answer of answers.filter(({ ok }) => ok)) cli.terminal.print(printable(`${name(answer)} ${done(answer)}.`))
  const refused = answers.filter(({ ok }) => !ok)
  if (refused.length === 0) return
  throw new Failure(
    exitOf(refused[0]!.code ?? 'INTERNAL'),
    refused.map((answer) => `${name(answer)}: ${answer.detail}`).join('\n  '),
  )
}

/** Asks for one after the other: what is refused does not stop the others. One alone is told with all that is known of its refusal. */
export async function askEach<Item, Name extends object, Done extends object>(
  items: readonly Item[],
  nameOf: (item: Item) => Name,
  ask: (item: Item) => Promise<Done>,
): Promise<(Name & Partial<Done> & Answer)[]> {
  const answers: (Name & Partial<Done> & Answer)[] = []
  for (const item of items) {
    try {
      answers.push({ ...nameOf(item), ...(await ask(item)), ok: true })
    } catch (error) {
      if (!(error instanceof CarillonError) || items.length === 1) throw error
      const nothing: Partial<Done> = {}
      answers.push({ ...nameOf(item), ...nothing, ok: false, code: error.code, detail: error.message })
    }
  }
  return answers
}
