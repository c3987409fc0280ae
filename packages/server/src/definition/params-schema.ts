import { createHash } from 'node:crypto'
import { CarillonError, SECRET_MARKER, holdsMarker, secretNameIn, secretNamesIn, type FieldProblem } from '@carillon/core'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { RE2JS } from 're2js'
import { fieldProblems } from './validation.ts'

/**
 * The JSON Schema (2020-12) of a type's parameters. A schema is written by a tenant and compiled into our own process, so it is bounded
 * before it is compiled: bytes, depth, properties, references (only into its own `$defs`, never in a circle, and expanded only so far),
 * and its patterns run on RE2, whose time is linear in the text.
 */
export type Json = Readonly<Record<string, unknown>>

const DEEPEST = 32
const MOST_NODES = 5_000
const MOST_EXPANDED = 20_000
const MOST_UNIQUE_ITEMS = 1_000
const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
/** They would make one part of a schema mean another thing elsewhere, or look outside it. */
const REFUSED = ['$id', '$anchor', '$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$vocabulary', '$data']

export function schemaProblems(schema: Json, maxBytes: number): FieldProblem[] {
  const bytes = Buffer.byteLength(JSON.stringify(schema))
  if (bytes > maxBytes) return [{ path: '', message: `is ${bytes} bytes long; ${maxBytes} is the most` }]
  const shape = shapeProblem(schema) ?? expansionProblem(schema)
  if (shape) return [shape]
  try {
    validatorOf(schema)
    return []
  } catch (error) {
    return [{ path: '', message: `is not a JSON Schema (2020-12): ${(error as Error).message}` }]
  }
}

/** What is wrong with parameters under a schema; `partial`: top-level parameters may still be missing. */
export function paramsProblems(schema: Json | null, params: Json, path: string, partial = false): FieldProblem[] {
  if (schema === null) return []
  const validate = validatorOf(schema)
  if (validate(params)) return []
  // What a reference stands for is not known here, so only that it is one can be judged.
  const errors = ((validate.errors ?? []) as ErrorObject[]).filter(
    (error) => error.keyword in SECRET_WORDS || !isReference(error.data),
  )
  const counted = partial ? errors.filter((error) => !(error.keyword === 'required' && error.instancePath === '')) : errors
  return fieldProblems(counted, '').map((problem) => ({ ...problem, path: `${path}${problem.path}` }))
}

/** The same of parameters that a run has computed, in which a mark stands for each secret. */
export function computedProblems(schema: Json | null, params: Json, path = ''): FieldProblem[] {
  return schema === null ? [] : paramsProblems(schema, withReferences(params) as Json, path)
}

/** A mark stands where a secret will: only that it is one can be judged, as in a definition. */
function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences)
  if (typeof value !== 'object' || value === null) return value
  const { [SECRET_MARKER]: secret } = value as Json
  if (typeof secret === 'string') return `\${{ secrets["${secret}"] }}`
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withReferences(child)]))
}

/** Parameters that come from outside of a definition refer to nothing: whoever may start a task does not choose its secrets. */
export function referenceProblems(params: Json, path: string): FieldProblem[] {
  const names = secretNamesIn(params)
  if (names.length === 0) return markProblems(params, path)
  const message = `refers to the secret "${names[0]}"; secrets are referred to in the parameters of the task, not in those of a run`
  return [{ path, message }]
}

/** Nobody writes the mark that stands for a secret in what a run has computed. */
export function markProblems(params: Json, path: string): FieldProblem[] {
  if (!holdsMarker(params as Parameters<typeof holdsMarker>[0])) return []
  return [{ path, message: `may not hold a key "${SECRET_MARKER}", which is reserved` }]
}

export function assertParamsSize(params: Json, maxBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(params))
  if (bytes <= maxBytes) return
  throw new CarillonError('TOO_LARGE', `The parameters are ${bytes} bytes long; limits.paramsBytes allows ${maxBytes}.`, {
    extra: { limit: 'params', maxBytes, bytes },
  })
}

const REFERENCE_ONLY =
  'is secret: store the value (carillon secrets create) and refer to it as ${{ secrets.name }}; a value written here would be kept in clear'

/** How a schema says that a parameter is secret. Such a parameter is never given as a value, only by reference. */
const SECRET_WORDS: Readonly<Record<string, string>> = { 'x-secret': REFERENCE_ONLY, writeOnly: REFERENCE_ONLY }

const isReference = (value: unknown) => typeof value === 'string' && secretNameIn(value) !== null

const validators = new Map<string, ValidateFunction>()
const MOST_VALIDATORS = 1_000

/** Schemas that stand in memory, as those of plans do, are not written out again to be recognised. */
const validatorOfObject = new WeakMap<Json, ValidateFunction>()

function validatorOf(schema: Json): ValidateFunction {
  const known = validatorOfObject.get(schema) ?? validatorOfText(schema)
  validatorOfObject.set(schema, known)
  return known
}

function validatorOfText(schema: Json): ValidateFunction {
  const text = JSON.stringify(schema)
  const key = createHash('sha256').update(text).digest('base64')
  const known = validators.get(key)
  if (known) return known
  if (validators.size >= MOST_VALIDATORS) validators.clear()
  const compiled = newAjv().compile(schema)
  validators.set(key, compiled)
  return compiled
}

/** One for each schema: an instance keeps everything that it has compiled. */
function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    // Forms keep keywords of their own in schemas.
    strict: false,
    coerceTypes: false,
    useDefaults: false,
    code: { regExp: linearTime },
    unicodeRegExp: true,
  })
  addFormats.default(ajv, { mode: 'fast' })
  for (const [keyword, problem] of Object.entries(SECRET_WORDS)) {
    ajv.removeKeyword(keyword)
    ajv.addKeyword({
      keyword,
      validate: (isSecret: unknown, value: unknown) => isSecret !== true || isReference(value),
      error: { message: problem },
    })
  }
  return ajv
}

/** Ajv tells patterns apart by this object's text: without a `toString` of its own all would share the first one. */
function linearTime(pattern: string, flags: string) {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  return { test: (text: string) => compiled.matcher(text).find(), toString: () => `/${pattern}/${flags}` }
}
linearTime.code = 'new RegExp'

function shapeProblem(schema: Json): FieldProblem | null {
  const open: { node: unknown; path: string; depth: number }[] = [{ node: schema, path: '', depth: 0 }]
  let nodes = 0
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { node, path, depth } = item
    if (typeof node !== 'object' || node === null) continue
    if (++nodes > MOST_NODES) return { path, message: `holds more than ${MOST_NODES} objects and lists` }
    if (depth > DEEPEST) return { path, message: `is nested deeper than ${DEEPEST} levels` }
    const problem = Array.isArray(node) ? null : keywordProblem(node as Json, path)
    if (problem) return problem
    for (const [key, child] of Object.entries(node)) open.push({ node: child, path: `${path}/${key}`, depth: depth + 1 })
  }
  return null
}

function keywordProblem(node: Json, path: string): FieldProblem | null {
  const refused = REFUSED.find((keyword) => typeof node[keyword] === 'string')
  if (refused) return { path: `${path}/${refused}`, message: 'is not supported' }
  if (typeof node['$schema'] === 'string' && node['$schema'] !== DIALECT)
    return { path: `${path}/$schema`, message: `must be ${DIALECT}` }
  if (typeof node['$ref'] === 'string' && !node['$ref'].startsWith('#/$defs/'))
    return { path: `${path}/$ref`, message: 'must lead into this schema: #/$defs/…' }
  if (node['uniqueItems'] === true && !(Number(node['maxItems']) <= MOST_UNIQUE_ITEMS))
    return { path: `${path}/uniqueItems`, message: `needs maxItems of at most ${MOST_UNIQUE_ITEMS} beside it` }
  return patternProblem(node, path)
}

function patternProblem(node: Json, path: string): FieldProblem | null {
  const patterns = [...(typeof node['pattern'] === 'string' ? [node['pattern']] : []), ...keysOf(node['patternProperties'])]
  for (const pattern of patterns) {
    try {
      RE2JS.compile(RE2JS.translateRegExp(pattern))
    } catch (error) {
      return {
        path,
        message: `has the pattern ${JSON.stringify(pattern)}, which RE2 does not accept: ${(error as Error).message}`,
      }
    }
  }
  return null
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

/** How large a schema is once its references are followed: ten definitions that each use the next one twice are a thousand. */
function expansionProblem(schema: Json): FieldProblem | null {
  const definitions = (schema['$defs'] ?? {}) as Json
  const sizes = new Map<string, number>()
  const sizeOf = (node: unknown, under: readonly string[]): number => {
    if (typeof node !== 'object' || node === null) return 1
    const children = Object.entries(node).filter(([key]) => key !== '$defs')
    const own = children.reduce((sum, [, child]) => sum + sizeOf(child, under), 1)
    const ref = (node as Json)['$ref']
    return typeof ref === 'string' ? own + sizeOfDefinition(ref, under) : own
  }
  const sizeOfDefinition = (ref: string, under: readonly string[]): number => {
    if (under.includes(ref)) throw new Circle(ref)
    const known = sizes.get(ref)
    if (known !== undefined) return known
    const name = ref.slice('#/$defs/'.length)
    if (!Object.hasOwn(definitions, name)) throw new Circle(ref, 'leads to nothing in $defs')
    const size = sizeOf(definitions[name], [...under, ref])
    sizes.set(ref, size)
    return size
  }
  try {
    const size = sizeOf(schema, [])
    const total = keysOf(definitions).reduce((sum, name) => sum + sizeOfDefinition(`#/$defs/${name}`, []), size)
    return total > MOST_EXPANDED
      ? { path: '/$defs', message: `grows to more than ${MOST_EXPANDED} parts when its references are followed` }
      : null
  } catch (error) {
    if (error instanceof Circle) return { path: '/$defs', message: `${error.ref} ${error.message}` }
    throw error
  }
}

class Circle extends Error {
  readonly ref: string
  constructor(ref: string, message = 'leads back to itself; recursive schemas are not supported') {
    super(message)
    this.ref = ref
  }
}
