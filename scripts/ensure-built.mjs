// Compiles every package when a source file is newer than the last build. It runs before `npm start` and `npm test`, so a fresh
// clone needs no build step of its own; it stays silent and takes a few milliseconds when there is nothing to do.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, '.built')
const workspaces = ['examples', 'e2e', 'bench', ...readdirSync(join(root, 'packages')).map((name) => join('packages', name))]

function newestSource(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path))
    else newest = Math.max(newest, statSync(path).mtimeMs)
  }
  return newest
}

const sources = workspaces.map((workspace) => join(root, workspace, 'src')).filter(existsSync)
const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0
const complete = workspaces.every((workspace) => existsSync(join(root, workspace, 'dist')))
if (complete && Math.max(...sources.map(newestSource)) <= built) process.exit(0)

console.error('Compiling …')
const startedAt = new Date()
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const { status } = spawnSync(process.execPath, [tsc, '-b'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
if (status !== 0) process.exit(status ?? 1)
// The stamp carries the time before the build, so a file saved while it ran is compiled the next time.
writeFileSync(stamp, startedAt.toISOString())
const { utimesSync } = await import('node:fs')
utimesSync(stamp, startedAt, startedAt)
