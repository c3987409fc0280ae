/** What can be gone to. */
export interface Choice {
  /** Unique in the list. */
  readonly id: string
  readonly group: Group
  readonly label: string
  /** Beside it: a name, a state. */
  readonly hint?: string
  readonly to: string
}

/** In the order in which they stand. */
export const GROUPS = ['run', 'pages', 'tenants', 'tasks', 'dags', 'schedules', 'executors'] as const
export type Group = (typeof GROUPS)[number]

/** Does the text hold all that was typed, word by word, in capitals or not? */
export function matches(typed: string, ...texts: readonly string[]): boolean {
  const held = texts.join(' ').toLowerCase()
  return wordsOf(typed).every((word) => held.includes(word))
}

const wordsOf = (typed: string): readonly string[] =>
  typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')

/** What is exactly that first, then what begins so; otherwise as the server gave it. */
export function closestFirst(typed: string, choices: readonly Choice[]): readonly Choice[] {
  const wanted = typed.trim().toLowerCase()
  const distance = ({ label }: Choice) => {
    const text = label.toLowerCase()
    return text === wanted ? 0 : text.startsWith(wanted) ? 1 : 2
  }
  return choices.toSorted((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || distance(a) - distance(b))
}

/** Where the chosen one stands now: what is found later moves it. The first, while none is chosen or it is there no more. */
export function placeOf(choices: readonly Choice[], chosen: string | null): number {
  return Math.max(
    0,
    choices.findIndex(({ id }) => id === chosen),
  )
}

/** A run's number, as it stands in addresses and as people write it: `42`, `#42`. */
export function runNumber(typed: string): number | null {
  const number = Number(/^#?(\d{1,16})$/.exec(typed.trim())?.[1] ?? Number.NaN)
  return Number.isSafeInteger(number) && number > 0 ? number : null
}
