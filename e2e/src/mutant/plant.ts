import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Mutant, Patch } from './mutants.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Copies the built server into a folder and plants the bug there. Answers the module that nodes are to run. */
export function plant({ id, patches }: Pick<Mutant, 'id' | 'patches'>, folder: string): string {
  cpSync(join(root, 'packages/server/dist'), join(folder, 'dist'), { recursive: true, filter: isRun })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const patch of patches) apply(id, patch, join(folder, 'dist', patch.file))
  return pathToFileURL(join(folder, 'dist/index.js')).href
}

/** Folders, programs and statements; neither types nor maps. */
function isRun(path: string): boolean {
  return !/\.(d\.ts|map|tsbuildinfo)$/.test(path)
}

function apply(id: string, { file, from, to }: Patch, path: string): void {
  const parts = readFileSync(path, 'utf8').split(from)
  if (parts.length !== 2) throw new Error(`${id} does not fit ${file}: it holds ${parts.length - 1} times: ${from}`)
  writeFileSync(path, parts.join(to))
}
