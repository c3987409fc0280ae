/** A JSON Schema as a form sees it. What no field exists for is edited as JSON; nothing is ever left out. */
export type Schema = Readonly<Record<string, unknown>>

export type FieldKind =
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  | { readonly kind: 'choice'; readonly options: readonly (string | number)[] }
  | ({ readonly kind: 'worded' } & Worded)
  | { readonly kind: 'variant'; readonly tag: string; readonly variants: readonly Variant[] }
  | { readonly kind: 'list'; readonly items: Schema }
  | { readonly kind: 'boolean' | 'text' | 'longText' | 'number' | 'json' }

interface Property {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

/** A word, or an object that says more beside the word. */
interface Worded {
  /** Where the word stands in the object. */
  readonly tag: string
  readonly words: readonly string[]
  /** The object without the word. */
  readonly rest: readonly Property[]
}

interface Variant {
  readonly word: string
  readonly schema: Schema
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

export function fieldOf(schema: Schema): FieldKind {
  const variants = variantsOf(schema)
  if (variants !== null) return variants
  const worded = wordedOf(schema)
  if (worded !== null) return { kind: 'worded', ...worded }
  const words = wordsOf(schema)
  if (words !== null) return { kind: 'choice', options: words }
  if (
    schema['anyOf'] !== undefined ||
    schema['oneOf'] !== undefined ||
    schema['allOf'] !== undefined ||
    schema['$ref'] !== undefined
  )
    return { kind: 'json' }
  if (schema['type'] === 'object' || isSchema(schema['properties'])) {
    const properties = propertiesOf(schema)
    return properties.length > 0 ? { kind: 'object', properties } : { kind: 'json' }
  }
  if (schema['type'] === 'string')
    return { kind: schema['format'] === 'textarea' || Number(schema['maxLength'] ?? 0) > 1_000 ? 'longText' : 'text' }
  if (schema['type'] === 'integer' || schema['type'] === 'number') return { kind: 'number' }
  if (schema['type'] === 'boolean') return { kind: 'boolean' }
  if (schema['type'] === 'array' && isSchema(schema['items']) && fieldOf(schema['items']).kind !== 'json')
    return { kind: 'list', items: schema['items'] }
  return { kind: 'json' }
}

function propertiesOf(schema: Schema): readonly Property[] {
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []
  const properties = isSchema(schema['properties']) ? schema['properties'] : {}
  const fields = Object.entries(properties).map(([name, each]) => {
    return { name, schema: isSchema(each) ? each : {}, required: required.includes(name) }
  })
  // The database keeps objects without an order of their own; `required` is a list and has one.
  const place = ({ name }: Property) => (required.includes(name) ? required.indexOf(name) : required.length)
  return fields.toSorted((a, b) => place(a) - place(b))
}

function wordsOf(schema: Schema): readonly (string | number)[] | null {
  const words = schema['enum']
  return Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string' || typeof word === 'number')
    ? words
    : null
}

/** `if` a text, `then` one of these words, `else` an object that has one of them in the property that it needs. */
function wordedOf(schema: Schema): Worded | null {
  const [test, word, object] = ['if', 'then', 'else'].map((key) => schema[key])
  if (!isSchema(test) || test['type'] !== 'string' || !isSchema(word) || !isSchema(object)) return null
  const words = wordsOf(word)?.map(String)
  const properties = propertiesOf(object)
  const tag = properties.find(({ schema: each, required }) => required && wordsOf(each)?.join() === words?.join())?.name
  return words === undefined || tag === undefined ? null : { tag, words, rest: properties.filter(({ name }) => name !== tag) }
}

/** What a word means as an object. */
export const unfolded = (value: unknown, tag: string): Readonly<Record<string, unknown>> =>
  typeof value === 'string' ? { [tag]: value } : recordOf(value)

/** An object that says nothing beside its word is written as that word. */
export function folded(value: Readonly<Record<string, unknown>>, tag: string): unknown {
  return Object.keys(value).every((key) => key === tag) ? value[tag] : value
}

/** Objects that one property tells apart, each with its own constant in it. */
function variantsOf(schema: Schema): FieldKind | null {
  const alternatives = schema['oneOf']
  if (!Array.isArray(alternatives) || !alternatives.every(isSchema)) return null
  const named = isSchema(schema['discriminator']) ? schema['discriminator']['propertyName'] : undefined
  const first = propertiesOf(alternatives[0] ?? {}).find((property) => property.schema['const'] !== undefined)
  const tag = typeof named === 'string' ? named : first?.name
  if (tag === undefined) return null
  const variants = alternatives.map((each) => {
    const property = propertiesOf(each).find(({ name }) => name === tag)
    return { word: String(property?.schema['const'] ?? ''), schema: withoutProperty(each, tag) }
  })
  return variants.every(({ word }) => word !== '') ? { kind: 'variant', tag, variants } : null
}

function withoutProperty(schema: Schema, name: string): Schema {
  const { [name]: _, ...properties } = isSchema(schema['properties']) ? schema['properties'] : {}
  return { ...schema, properties }
}

/** The number that the text is; else the text itself, which the check then refuses: nothing typed is lost or guessed at. */
export function numberOf(text: string): unknown {
  if (text.trim() === '') return undefined
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim()) && isExact(text.trim()) ? Number(text) : text
}

/** Integers beyond 2^53 would come out as others. */
function isExact(text: string): boolean {
  return !/^-?\d+$/.test(text) || Number.isSafeInteger(Number(text))
}

/** An object with one key set, or taken away. */
export function withKey(value: unknown, key: string, next: unknown): Readonly<Record<string, unknown>> {
  const { [key]: _, ...rest } = isSchema(value) ? value : {}
  return next === undefined ? rest : { ...(isSchema(value) ? value : {}), [key]: next }
}

export const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isSchema(value) ? value : {})
