/** `${{ secrets.name }}`, `${{ secrets["name"] }}`: a text that is nothing else. */
const REFERENCE = /^\$\{\{\s*secrets(?:\.([\w-]+)|\["([^"\\]+)"\]|\['([^'\\]+)'\])\s*\}\}$/

/**
 * The name of the secret that a text of a definition refers to; null where it is an ordinary text. Only a whole text is a reference.
 *
 * @example secretNameIn('${{ secrets.api-key }}') // 'api-key'
 */
export function secretNameIn(text: string): string | null {
  const match = REFERENCE.exec(text)
  return match ? (match[1] ?? match[2] ?? match[3] ?? null) : null
}

/** Names of the secrets that the texts of a JSON value refer to, each once, in the order in which they stand. */
export function secretNamesIn(value: unknown): string[] {
  const names = new Set<string>()
  collect(value, names)
  return [...names]
}

function collect(value: unknown, names: Set<string>): void {
  if (typeof value === 'string') {
    const name = secretNameIn(value)
    if (name !== null) names.add(name)
  } else if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) collect(child, names)
  }
}
