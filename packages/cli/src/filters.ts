import { InvalidArgumentError } from 'commander'

export type Filters = Readonly<Record<string, readonly string[]>>

/** `--filter state=FAILED --filter state=TIMEOUT`: the parameters of the list's route; the server checks them and says what there is. */
export function collectFilter(text: string, before: Filters = {}): Filters {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It should be key=value, as in --filter state=FAILED.')
  const key = text.slice(0, at)
  return { ...before, [key]: [...(before[key] ?? []), text.slice(at + 1)] }
}
