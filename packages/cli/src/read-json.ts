import { findUnsafeInteger, unsafeIntegerMessage } from '@carillon/core'
import { InvalidArgumentError } from 'commander'

/** What a text of the command line says as JSON, or why it is none. An integer that would silently become another one is refused. */
export function readJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { problem: (error as Error).message }
  }
  const unsafe = findUnsafeInteger(text)
  if (unsafe) throw new InvalidArgumentError(`${unsafe.path || 'It'} ${unsafeIntegerMessage(unsafe)}.`)
  return { value }
}
