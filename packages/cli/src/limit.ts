import { InvalidArgumentError } from 'commander'

export function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100_000) return limit
  throw new InvalidArgumentError('It should be a whole number from 1 to 100000.')
}
