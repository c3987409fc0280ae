import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findViolations, readParts } from './architecture.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const parts = readParts(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))

/** What ships. Tests may look wherever they like. */
function sources() {
  const roots = parts.flatMap(({ places }) => places).map((place) => place.replace(/\/src(\/.*)?$/, '/src'))
  const files = [...new Set(roots)].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  )
  return files
    .filter(
      (path) => /\.tsx?$/.test(path) && !/\.(test|bench|test-helper)\.ts$|^packages\/(server|cli)\/src\/testing\//.test(path),
    )
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

test('the imports are those that the table in ARCHITECTURE.md allows', () => {
  expect(sources().length).toBeGreaterThan(100)
  expect(findViolations(parts, sources())).toEqual([])
})

test('the table has no circle: each part builds on parts that do not build on it', () => {
  const reach = (name: string, seen: readonly string[] = []): readonly string[] =>
    [...(parts.find((part) => part.name === name)?.imports.keys() ?? [])].flatMap((next) =>
      seen.includes(next) ? [next] : [next, ...reach(next, [...seen, next])],
    )
  for (const { name } of parts) expect(reach(name), name).not.toContain(name)
})

test.each([
  ["import { x } from '@carillon/server'", 'packages/core/src/x.ts', 'core must not import server'],
  ["import type { x } from '@carillon/server'", 'packages/contract/src/x.ts', 'contract must not import server'],
  [
    "import {\n  a,\n  b,\n} from '../http/app.ts'",
    'packages/server/src/storage/x.ts',
    'server/storage must not import server/http',
  ],
  [
    "export * from '../lifecycle/report.ts'",
    'packages/server/src/storage/x.ts',
    'server/storage must not import server/lifecycle',
  ],
  ["const x = await import('@carillon/cli')", 'packages/executor/src/x.ts', 'executor must not import cli'],
  ["import { startServer } from '@carillon/server'", 'packages/cli/src/x.ts', 'cli may import server lazily only'],
  ["import '@carillon/nonsense'", 'packages/cli/src/x.ts', 'cli must not import the unknown package @carillon/nonsense'],
  ['', 'packages/server/src/helpers/x.ts', 'belongs to no part'],
])('a forbidden import is found: %s in %s', (text, path, message) => {
  expect(findViolations(parts, [{ path, text }])).toEqual([expect.stringContaining(message)])
})

test('what is allowed lazily may be loaded when it is needed, and its types at any time', () => {
  const text = "import type { Config } from '@carillon/server'\nconst { startServer } = await import('@carillon/server')"
  expect(findViolations(parts, [{ path: 'packages/cli/src/x.ts', text }])).toEqual([])
})
