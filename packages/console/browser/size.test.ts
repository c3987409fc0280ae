import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
}
const chunks = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8')) as Record<string, Chunk>

/** What the browser loads before the page stands: the entry, the page, and whatever they import. */
function loadedBy(...entries: string[]): readonly string[] {
  const seen = new Set<string>()
  const visit = (name: string) => {
    if (seen.has(name)) return
    seen.add(name)
    for (const each of chunks[name]!.imports ?? []) visit(each)
  }
  for (const entry of entries) visit(entry)
  return [...seen].map((name) => chunks[name]!.file)
}

const packed = (files: readonly string[]): number =>
  files.map((file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length).reduce((sum, size) => sum + size, 0) / 1024

test.each([
  ['sign-in', ['src/pages/sign-in/SignInPage.tsx']],
  ['overview', ['src/pages/overview/OverviewPage.tsx']],
  ['runs', ['src/pages/runs/RunsPage.tsx']],
])('a first route (%s) loads at most 250 KB of JavaScript, gzipped', (_, pages) => {
  expect(packed(loadedBy('index.html', ...pages))).toBeLessThan(250)
})

test('no other page adds more than 60 KB to them', () => {
  const shell = loadedBy('index.html', 'src/pages/runs/RunsPage.tsx')
  const pages = Object.keys(chunks).filter((name) => /^src\/pages\/.*Page\.tsx$/.test(name))
  expect(pages.length).toBeGreaterThan(10)
  const added = pages.map((page) => [page, packed(loadedBy('index.html', page).filter((file) => !shell.includes(file)))] as const)
  expect(added.filter(([, size]) => size > 60)).toEqual([])
})
