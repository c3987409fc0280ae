import type { FieldProblem } from '@carillon/core'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { nearest } from '../config/nearest.ts'

/**
 * Two validators, because bodies are JSON and say their types, while query strings and path parameters are all text: one is strict, the
 * other converts. (With one for both, `null` in a body would arrive as an empty string and unknown keys would vanish silently.)
 */
const common = {
  allErrors: true,
  verbose: true,
  discriminator: true,
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
} as const
const bodies = new Ajv2020({ ...common, coerceTypes: false })
const texts = new Ajv2020({ ...common, coerceTypes: 'array', useDefaults: true })

interface Validator {
  (value: unknown): boolean
  /** What the last call found. */
  errors?: ErrorObject[] | null
}

/** Compiled at its first call: a node has some hundred validators, most of them of requests that nobody makes for days. */
export function createValidator({ schema, httpPart }: { schema: unknown; httpPart?: string | undefined }): Validator {
  let compiled: ValidateFunction | undefined
  const validate: Validator = (value) => {
    compiled ??= (httpPart === 'body' ? bodies : texts).compile(schema as object)
    const isValid = compiled(value)
    validate.errors = compiled.errors ?? null
    return isValid
  }
  return validate
}

const PARTS: Readonly<Record<string, string>> = { body: '/body', querystring: '/query', params: '/params', headers: '/headers' }
const MOST_PROBLEMS = 50
/** Looked at to find them: a body of megabytes can have a hundred thousand errors. */
const MOST_ERRORS = 500

/** One problem for each field that is wrong, in the order in which they were found. */
export function fieldProblems(errors: readonly ErrorObject[], part: string): FieldProblem[] {
  const prefix = PARTS[part] ?? ''
  const telling = errors.filter((error) => !SILENT.has(error.keyword))
  const placed = (telling.length > 0 ? telling : errors)
    .slice(0, MOST_ERRORS)
    .map((error) => ({ error, path: `${prefix}${error.instancePath}${keyOf(error)}` }))
  const certain = new Set(placed.filter(({ error }) => !isOtherType(error)).flatMap(({ path }) => pathsTo(path)))
  const fields = new Map<string, ErrorObject[]>()
  for (const { error, path } of placed) {
    // The value was meant for another alternative, whose errors say more.
    if (isOtherType(error) && certain.has(path)) continue
    fields.set(path, [...(fields.get(path) ?? []), error])
  }
  return [...fields].slice(0, MOST_PROBLEMS).map(([path, all]) => ({ path, message: messageOfField(all) }))
}

/** Says of an alternative (`anyOf`, as in what may be null) that the value is not of its type. */
function isOtherType({ keyword, schemaPath }: ErrorObject): boolean {
  return keyword === 'type' && /\/(anyOf|oneOf)\/\d+\/type$/.test(schemaPath)
}

/** `/body/a/b` → `/body`, `/body/a`, `/body/a/b` */
function pathsTo(path: string): string[] {
  const parts = path.split('/').slice(1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

function messageOfField(errors: readonly ErrorObject[]): string {
  const types = new Set(errors.filter(isOtherType).map(({ params }) => String((params as { type?: unknown }).type)))
  const others = errors.filter((error) => !isOtherType(error)).map(messageOf)
  return [...new Set([...(types.size > 0 ? [`must be ${[...types].join(' or ')}`] : []), ...others])].join('; ')
}

/** Errors that only say that errors inside did not help. */
const SILENT = new Set(['anyOf', 'oneOf', 'propertyNames', 'if'])

function keyOf({ keyword, params, propertyName }: ErrorObject): string {
  const name = KEYS[keyword] === undefined ? propertyName : (params as Record<string, unknown>)[KEYS[keyword]]
  return typeof name === 'string' ? `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''
}
const KEYS: Readonly<Record<string, string>> = {
  additionalProperties: 'additionalProperty',
  required: 'missingProperty',
  discriminator: 'tag',
}

interface Schema {
  readonly description?: string
  readonly properties?: Record<string, unknown>
  readonly oneOf?: readonly { readonly properties?: Record<string, { readonly const?: unknown }> }[]
}

function messageOf(error: ErrorObject): string {
  const schema = (error.parentSchema ?? {}) as Schema
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'required':
      return 'is required'
    case 'additionalProperties':
      return `is not known here${suggestion(String(params['additionalProperty']), Object.keys(schema.properties ?? {}))}`
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`
    case 'pattern':
      return schema.description ? `is not valid: ${schema.description}` : (error.message ?? 'is not valid')
    case 'discriminator':
      return `must be one of ${tagsOf(schema, String(params['tag'])).join(', ')}`
    default:
      return error.message ?? 'is not valid'
  }
}

function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  if (meant !== undefined) return `; did you mean ${meant}?`
  return known.length > 0 && known.length <= 20 ? `; known are ${known.join(', ')}` : ''
}

function tagsOf(schema: Schema, tag: string): unknown[] {
  return (schema.oneOf ?? []).map((alternative) => alternative.properties?.[tag]?.const)
}
