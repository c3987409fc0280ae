import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a test measured, beside the most that it may be. */
interface Figure {
  readonly name: string
  /** With its unit. */
  readonly value: string
  /** null: there is none. */
  readonly budget: string | null
  /** By what the budget was multiplied, as others used the machine too; null: it holds as it is. */
  readonly slowness: number | null
  /** Which day. */
  readonly on: string
}

const SHOTS = fileURLToPath(new URL('./shots/', import.meta.url))
const JSON_FILE = join(SHOTS, 'figures.json')

/**
 * Says what was measured, and keeps it beside the pictures: `figures.json`, and `figures.md` to be read. A figure that was measured before is
 * replaced by its name, so the files hold the last of each, whichever tests were run.
 *
 * @example report('a log of a million lines, opened at its first error', `${ms} ms`, '2,000 ms', slowness)
 */
export function report(name: string, value: string, budget: string | null = null, slowness: number | null = null): void {
  const figure: Figure = {
    name,
    value,
    budget,
    slowness: slowness && Number(slowness.toFixed(1)),
    on: new Date().toISOString().slice(0, 10),
  }
  const [limit, slowed] = wordsOf(figure)
  console.log(`${name}: ${value}; budget ${limit}; slowed down ${slowed}`)
  const figures = [...reported().filter((each) => each.name !== name), figure].toSorted((a, b) => a.name.localeCompare(b.name))
  mkdirSync(SHOTS, { recursive: true })
  writeFileSync(JSON_FILE, `${JSON.stringify(figures, null, 2)}\n`)
  writeFileSync(join(SHOTS, 'figures.md'), tableOf(figures))
}

function reported(): readonly Figure[] {
  try {
    return JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Figure[]
  } catch {
    return []
  }
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => `| ${[figure.name, figure.value, ...wordsOf(figure), figure.on].join(' | ')} |`)
  return ['| What | Measured | Budget | Machine slowed down | On |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n')
}

const wordsOf = ({ budget, slowness }: Figure) => [budget ?? '–', slowness === null ? '–' : `${slowness} ×`] as const
