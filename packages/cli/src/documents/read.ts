import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DOCUMENT_KINDS, type DefinitionDocument } from '@carillon/contract'
import { unsafeIntegerMessage } from '@carillon/core'
import { isNode, LineCounter, parseAllDocuments, visit, type Document, type Scalar, type YAMLMap } from 'yaml'
import { Failure } from '../failure.ts'

/** A definition with where it stands, so that what is wrong in it can be shown there. */
export interface FoundDocument {
  readonly document: DefinitionDocument
  /** `tasks.yaml:12:3`: where the place that a JSON pointer into the document names begins. */
  where(pointer: string): string
}

/** The definitions in files and folders of YAML or JSON; `-` is standard input. A file may hold several, apart by `---` or as a list. */
export function readDocuments(paths: readonly string[]): FoundDocument[] {
  const found = paths.flatMap(filesOf).flatMap((file) => documentsIn(file === '-' ? 0 : file, file === '-' ? 'stdin' : file))
  if (found.length > 0) return found
  throw new Failure('USAGE', `There is no definition in ${paths.join(', ')}.`, 'Definitions stand in files .yaml, .yml or .json.')
}

function filesOf(path: string): string[] {
  if (path === '-' || !statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = join(path, entry.name)
      if (entry.isDirectory()) return filesOf(inside)
      return /\.(ya?ml|json)$/.test(entry.name) ? [inside] : []
    })
}

/** What anchors of one document may grow to; more is meant to hurt. */
const MOST_ALIASES = 100

function documentsIn(source: string | 0, name: string): FoundDocument[] {
  const lineCounter = new LineCounter()
  const parsed = parseAllDocuments(readFileSync(source, 'utf8'), { lineCounter, prettyErrors: true })
  if (!Array.isArray(parsed)) return []
  return parsed.flatMap((yaml) => {
    const [error] = yaml.errors
    if (error) throw new Failure('USAGE', `${name}: ${error.message}`)
    const place = (keys: readonly (string | number)[]) => `${name}:${placeIn(yaml, lineCounter, keys)}`
    refuseRounded(yaml, lineCounter, name)
    const value = valueOf(yaml, name)
    if (value === null || value === undefined) return []
    const several = Array.isArray(value)
    return (several ? (value as unknown[]) : [value]).map((document, index) => {
      const own = several ? [index] : []
      return {
        document: definition(document, place(own)),
        where: (pointer: string) => place([...own, ...keysIn(pointer, document)]),
      }
    })
  })
}

/** Sent as JSON, the server could not know that it was another integer in the file. */
function refuseRounded(yaml: Document, lines: LineCounter, name: string): void {
  visit(yaml, {
    Scalar(_, { value, source, range }: Scalar) {
      if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(source ?? '')) return
      const { line, col } = lines.linePos(range![0])
      throw new Failure('USAGE', `${name}:${line}:${col}: this ${unsafeIntegerMessage({ path: '', text: source! })}.`)
    },
  })
}

function valueOf(yaml: Document, name: string): unknown {
  try {
    return yaml.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    // An alias of nothing, or too many of them; the library says which.
    throw error instanceof ReferenceError ? new Failure('USAGE', `${name}: ${error.message}`) : error
  }
}

/** That it is a definition at all; what is wrong inside is for the server to say. */
function definition(value: unknown, where: string): DefinitionDocument {
  const { kind, code, nodes } = (typeof value === 'object' ? value : {}) as Partial<Record<string, unknown>>
  if (!DOCUMENT_KINDS.includes(kind as never))
    throw new Failure('USAGE', `${where}: a definition begins with its kind, one of ${DOCUMENT_KINDS.join(', ')}.`)
  if (typeof code !== 'string') throw new Failure('USAGE', `${where}: this ${String(kind)} has no code.`)
  if (kind === 'Dag' && !Array.isArray(nodes)) throw new Failure('USAGE', `${where}: the Dag ${code} has no list of nodes.`)
  return value as DefinitionDocument
}

function keysIn(pointer: string, document: unknown): (string | number)[] {
  const keys: (string | number)[] = []
  let inner = document
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    keys.push(Array.isArray(inner) ? Number(key) : key)
    inner = (inner as Record<string, unknown> | null | undefined)?.[key]
  }
  return keys
}

/** Line and column of the innermost place that is there: a field that is missing is shown at what it is missing from. */
function placeIn(yaml: Document, lines: LineCounter, keys: readonly (string | number)[]): string {
  for (let length = keys.length; length >= 0; length--) {
    const inner = length === 0 ? yaml.contents : keyOrValue(yaml, keys.slice(0, length))
    if (isNode(inner) && inner.range) {
      const { line, col } = lines.linePos(inner.range[0])
      return `${line}:${col}`
    }
  }
  return '1:1'
}

/** Of a field its key, which is where one looks for it. */
function keyOrValue(yaml: Document, keys: readonly (string | number)[]): unknown {
  const parent = (keys.length === 1 ? yaml.contents : yaml.getIn(keys.slice(0, -1), true)) as Partial<YAMLMap> | undefined
  const pair = parent?.items?.find((item) => (item as { key?: { value?: unknown } }).key?.value === keys.at(-1))
  return pair ? pair.key : yaml.getIn(keys, true)
}
