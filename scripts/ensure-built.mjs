// Compiles every package when a source file is newer than the last build. It runs before `npm start` and `npm test`, so a fresh
// clone needs no build step of its own; it stays silent and takes a few milliseconds when there is nothing to do.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, '.built')
const workspaces = ['examples', 'e2e', 'bench', ...readdirSync(join(root, 'packages')).map((name) => join('packages', name))]

function newestSource(folder) {
  // A folder's own time tells of files that were removed.
  let newest = statSync(folder).mtimeMs
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path))
    else newest = Math.max(newest, statSync(path).mtimeMs)
  }
  return newest
}

/** The compiler leaves SQL files behind. A file that is gone from the sources must not go on living in dist, where it would be run. */
function copySql(from, to) {
  for (const stale of sqlFiles(to)) if (!existsSync(join(from, stale))) rmSync(join(to, stale))
  for (const file of sqlFiles(from)) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    copyFileSync(join(from, file), join(to, file))
  }
}

function sqlFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.name.endsWith('.sql'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

/** The console is no project of the compiler: vite builds it. What of the packages reaches it are method and path of the contract's routes. */
const CONSOLE = ['packages/console/src', 'packages/console/vite', 'packages/console/public', 'packages/contract/src']
const CONSOLE_FILES = ['packages/console/index.html', 'packages/console/vite.config.ts', 'package-lock.json']

function buildConsole() {
  const page = join(root, 'packages', 'console', 'dist', 'index.html')
  const newest = Math.max(
    ...CONSOLE.map((folder) => newestSource(join(root, folder))),
    ...CONSOLE_FILES.map((file) => statSync(join(root, file)).mtimeMs),
  )
  if (existsSync(page) && statSync(page).mtimeMs >= newest) return
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const args = [vite, 'build', 'packages/console', '--logLevel', 'warn']
  // Also where tests call this: otherwise React would be its slow build for development. What it says is no answer of `npm start`.
  const env = { ...process.env, NODE_ENV: 'production' }
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2], env })
  if (status !== 0) process.exit(status ?? 1)
  // As old as what it was made of: a file saved while it was built makes it old again.
  utimesSync(page, newest / 1000, newest / 1000)
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
buildConsole()
copySql(join(root, 'packages', 'server', 'src'), join(root, 'packages', 'server', 'dist'))
// The stamp carries the time before the build, so a file saved while it ran is compiled the next time.
writeFileSync(stamp, startedAt.toISOString())
utimesSync(stamp, startedAt, startedAt)
