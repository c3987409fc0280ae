import { InvalidArgumentError } from 'commander'

export function parseRunId(text: string): number {
  const id = Number(text)
  if (Number.isSafeInteger(id) && id > 0) return id
  throw new InvalidArgumentError('The identifier of a run is a number; npx carillon runs lists them.')
}
