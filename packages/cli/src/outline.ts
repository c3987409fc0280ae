import { momentOf } from './moment.ts'
import { printable, printableLine } from './printable.ts'

/** Any object of the API for people: indented, in the order of the API, instants as local times. What is empty is left out. */
export function outline(value: object): string {
  return linesOf(value).join('\n')
}

function linesOf(value: object): string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => marked(item))
  return Object.entries(value)
    .filter(([, item]) => !isEmpty(item))
    .flatMap(([key, item]: [string, unknown]) => {
      const name = printableLine(key)
      if (typeof item !== 'object' || item === null) return indented(`${name}: `, scalar(key, item))
      return [`${name}:`, ...linesOf(item).map((line) => `  ${line}`)]
    })
}

/** The items of a list begin with a dash. */
function marked(item: unknown): string[] {
  const lines = typeof item === 'object' && item !== null ? linesOf(item) : [scalar('', item)]
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
}

/** A text of several lines, such as the stack of an error, stands below its key. */
function indented(head: string, text: string): string[] {
  const lines = text.split('\n')
  return lines.length === 1 ? [`${head}${text}`] : [head.trimEnd(), ...lines.map((line) => `  ${line}`)]
}

function scalar(key: string, value: unknown): string {
  if (typeof value === 'number' && /(^at|^since|^until|At)$/.test(key)) return momentOf(value)
  return printable(String(value))
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}
