/** One row of the table in ARCHITECTURE.md. */
export interface Part {
  readonly name: string
  /** Folders and files, from the root of the repository. */
  readonly places: readonly string[]
  /** Parts that it may import; `lazily`: their types, and their values through `import()` alone. */
  readonly imports: ReadonlyMap<string, { readonly lazily: boolean }>
}

export interface Source {
  readonly path: string
  readonly text: string
}

const quoted = (cell: string) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, text]) => text!)

/** The rows `| part | places | may import |` between the marks. */
export function readParts(document: string): Part[] {
  const [, table] = document.split(/<!-- \/?parts -->/)
  const rows = table!.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => {
    const [, name, places, imports] = row.split('|') as [string, string, string, string]
    const allowed = imports
      .split(',')
      .flatMap((cell) => quoted(cell).map((part) => [part, { lazily: cell.includes('lazily') }] as const))
    return { name: quoted(name)[0]!, places: quoted(places), imports: new Map(allowed) }
  })
}

const IMPORT = /^(?:import|export)\s+(type\s)?[^'"`;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm

/** Imports from one part into another that the table does not allow, and sources that belong to no part. */
export function findViolations(parts: readonly Part[], sources: readonly Source[]): string[] {
  const partOf = (path: string) =>
    parts.find(({ places }) => places.some((place) => path === place || path.startsWith(`${place}/`)))
  return sources.flatMap(({ path, text }) => {
    const own = partOf(path)
    if (!own) return [`${path} belongs to no part: give its folder a row`]
    return Array.from(text.matchAll(IMPORT)).flatMap(([, type, from, bare, dynamic]) => {
      const target = targetOf(path, (from ?? bare ?? dynamic)!, parts)
      if (target === null || target === own.name) return []
      const allowed = own.imports.get(target)
      if (!allowed) return [`${path}: ${own.name} must not import ${target}`]
      return allowed.lazily && !type && dynamic === undefined ? [`${path}: ${own.name} may import ${target} lazily only`] : []
    })
  })
  function targetOf(importer: string, specifier: string, all: readonly Part[]): string | null {
    const name = /^@carillon\/([a-z]+)/.exec(specifier)?.[1]
    if (name !== undefined) return all.some((part) => part.name === name) ? name : `the unknown package ${specifier}`
    if (!specifier.startsWith('.')) return null
    const path = new URL(specifier, `file:///${importer}`).pathname.slice(1)
    return partOf(path)?.name ?? `what belongs to no part (${specifier})`
  }
}
