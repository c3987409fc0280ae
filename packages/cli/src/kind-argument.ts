import { Argument, InvalidArgumentError } from 'commander'
import { KINDS, type Kind } from './kinds.ts'

/** `tasks` and `task` mean the same. */
export function kindArgument(kinds: readonly Kind[] = KINDS): Argument {
  return new Argument('<kind>', `one of ${kinds.map(({ name }) => name).join(', ')}`).argParser((text: string) => {
    const found = kinds.find(({ name }) => name === text || singular(name) === text)
    if (found) return found
    throw new InvalidArgumentError(`There are ${kinds.map(({ name }) => name).join(', ')}.`)
  })
}

const singular = (name: string) => name.replace(/s$/, '')
