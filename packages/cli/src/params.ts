import { InvalidArgumentError } from 'commander'
import { readJson } from './read-json.ts'

export type Params = Readonly<Record<string, unknown>>

/** `-p count=3 -p who=Ada -p 'zip="01234"'`: what is JSON is taken as JSON, anything else as text. A dot leads into an object: `to.city=Bonn`. */
export function collectParam(text: string, before: Params = {}): Params {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It should be key=value, as in -p count=3.')
  return withValue(before, text.slice(0, at).split('.'), valueOf(text.slice(at + 1)))
}

function withValue(into: Params, [key, ...rest]: readonly string[], value: unknown): Params {
  const before = into[key!]
  const inner = typeof before === 'object' && before !== null && !Array.isArray(before) ? (before as Params) : {}
  return { ...into, [key!]: rest.length === 0 ? value : withValue(inner, rest, value) }
}

function valueOf(text: string): unknown {
  const read = readJson(text)
  return 'value' in read ? read.value : text
}

export function parseParams(text: string): Params {
  const read = readJson(text)
  if ('problem' in read) throw new InvalidArgumentError(`It should be a JSON object: ${read.problem}.`)
  const { value } = read
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Params
  throw new InvalidArgumentError('It should be a JSON object, as in --params \'{"count": 3}\'.')
}
