import type { AppliedDefinition, DefinitionDocument } from '@carillon/contract'
import { stringify } from 'yaml'
import { printableJson, printableLine } from '../printable.ts'
import type { Style, Terminal } from '../terminal.ts'

/** Documents as one file of YAML. */
export function yamlOf(documents: readonly (DefinitionDocument | object)[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 110, aliasDuplicateObjects: false })).join('---\n')
}

/** What differs, as people read it: new objects by name, changed ones field by field. */
export function differencesText({ paint }: Pick<Terminal, 'paint'>, items: readonly AppliedDefinition[]): string {
  return items
    .filter(({ outcome }) => outcome !== 'UNCHANGED')
    .flatMap(({ kind, code, outcome, changes }) =>
      outcome === 'CREATED'
        ? [paint('green', `+ ${kind} ${printableLine(code)}`)]
        : [paint('yellow', `~ ${kind} ${printableLine(code)}`), ...changes.map((change) => changeLine(paint, change))],
    )
    .join('\n')
}

function changeLine(paint: (style: Style, text: string) => string, change: AppliedDefinition['changes'][number]): string {
  const { before, after } = change
  const path = printableLine(change.path)
  if (before === undefined) return paint('green', `    + ${path}: ${brief(after)}`)
  if (after === undefined) return paint('red', `    - ${path}: ${brief(before)}`)
  return `    ~ ${path}: ${brief(before)} → ${brief(after)}`
}

const LONGEST = 200

function brief(value: unknown): string {
  const text = printableJson(JSON.stringify(value))
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** `2 created, 1 changed, 7 unchanged` */
export function summaryOf(items: readonly AppliedDefinition[]): string {
  const count = (wanted: AppliedDefinition['outcome']) => items.filter(({ outcome }) => outcome === wanted).length
  return [`${count('CREATED')} created`, `${count('CHANGED')} changed`, `${count('UNCHANGED')} unchanged`].join(', ')
}
