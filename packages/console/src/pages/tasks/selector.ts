import type { LabelSelector } from '@carillon/core'

export const RULES = ['is', 'in', 'notIn'] as const

/** One label as it is typed; `values`: one a line. */
export interface SelectorRow {
  readonly label: string
  readonly rule: (typeof RULES)[number]
  readonly values: string
}

export const rowsOf = (selector: LabelSelector): readonly SelectorRow[] =>
  Object.entries(selector).map(([label, wanted]) => {
    if (typeof wanted === 'string') return { label, rule: 'is', values: wanted }
    return 'in' in wanted
      ? { label, rule: 'in', values: wanted.in.join('\n') }
      : { label, rule: 'notIn', values: wanted.notIn.join('\n') }
  })

/** Labels that stand in more than one row: the selector could hold but one of them. */
export function doubled(rows: readonly SelectorRow[]): ReadonlySet<string> {
  const labels = rows.map(({ label }) => label.trim())
  return new Set(labels.filter((label, place) => labels.indexOf(label) !== place))
}

/** Rows in which nothing is typed are left out. null: a label stands there twice, which the form says. */
export function selectorOf(rows: readonly SelectorRow[]): LabelSelector | null {
  const typed = rows.filter(({ label, values }) => label.trim() !== '' || values.trim() !== '')
  if (doubled(typed).size > 0) return null
  return Object.fromEntries(typed.map((row) => [row.label.trim(), wantedOf(row)]))
}

function wantedOf({ rule, values }: SelectorRow): LabelSelector[string] {
  const lines = values
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (rule === 'is') return values.trim()
  return rule === 'in' ? { in: lines } : { notIn: lines }
}
