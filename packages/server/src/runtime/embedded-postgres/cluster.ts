import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { asAccount, childEnvironment, mayEnter, ownerOf, type Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { ownFolder, syncFolder, unlessDone } from './folder.ts'

export const superuser = 'postgres'

/**
 * Where a database of ours lives: `home` is ours and holds the generated password; `data` inside it belongs to the server's
 * account. As root we never write into `data`: that account could place a link there and have root follow it.
 */
export interface Cluster {
  home: string
  data: string
  password: string
  account: Account | undefined
}

/** Settings a new database starts with. They stand in its postgresql.conf, so `ALTER SYSTEM` may change them later. */
const initialSettings = [
  'max_connections=100',
  'shared_buffers=128MB',
  'min_wal_size=128MB',
  'max_wal_size=2GB',
  'client_connection_check_interval=5s',
  'timezone=UTC',
  'log_timezone=UTC',
  // A week of log files, one a weekday. Row values and statement texts stay out: they may hold a tenant's secrets.
  'logging_collector=on',
  'log_filename=postgres-%a.log',
  'log_truncate_on_rotation=on',
  'log_rotation_age=1d',
  'log_rotation_size=0',
  'log_checkpoints=off',
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
]

/** Opens the database in `dataDir`, making it first if there is none. Several processes may do so at once. */
export function openCluster(
  dataDir: string,
  account: Account | undefined,
  binaries: Binaries,
  log: (line: string) => void,
): Cluster {
  const home = homeIn(resolve(dataDir), account, log)
  const data = join(home, 'data')
  removeUnfinished(home)
  const password = keepPassword(home)
  if (!existsSync(data)) create({ home, data, password, account }, binaries, log)
  refuseOtherMajor(data, binaries)
  return { home, data, password, account: ownerOf(data) }
}

function homeIn(dataDir: string, account: Account | undefined, log: (line: string) => void): string {
  const home = join(dataDir, 'postgres')
  if (isLink(home) && !existsSync(home))
    throw new Error(`${home} is a link to a database folder that is gone. Restore that folder, or remove the link to begin anew.`)
  if (existsSync(home)) return realpathSync(home)
  mkdirSync(dataDir, { recursive: true })
  if (!mayEnter(account, dataDir)) return homeElsewhere(home, dataDir, account, log)
  // Not closed to others for root: the server's account must pass through it to its own closed data folder.
  mkdirSync(home, { recursive: true, mode: account === undefined ? 0o700 : 0o711 })
  syncFolder(dataDir)
  return realpathSync(home)
}

/**
 * Root's own folders (`/root/…`) are closed to the account PostgreSQL runs as, and PostgreSQL insists on the full path of its
 * data. The database then lives under /var/lib/carillon, and a link in the data folder leads to it.
 */
function homeElsewhere(home: string, dataDir: string, account: Account | undefined, log: (line: string) => void): string {
  const parent = '/var/lib/carillon'
  if (!ownFolder(parent, 0o755) || !mayEnter(account, parent))
    throw new Error(
      `PostgreSQL runs as ${account?.name}, who may not enter ${dataDir}, and ${parent} cannot be used instead. ` +
        'Set CARILLON_DATA_DIR to a folder that account may enter, or start Carillon as an ordinary user.',
    )
  const target = mkdtempSync(join(parent, 'data-'))
  chmodSync(target, 0o711)
  const first = unlessDone(
    () => symlinkSync(target, home),
    () => existsSync(home),
  )
  if (!first) rmdirSync(target)
  syncFolder(dataDir)
  log(`${account?.name} may not enter ${dataDir}, so the database lives in ${realpathSync(home)}`)
  return realpathSync(home)
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** The password is whole or absent, and the first of two starters decides it: a hard link to a finished file does both. */
function keepPassword(home: string): string {
  const path = join(home, 'password')
  if (!existsSync(path)) {
    const draft = `${path}.${process.pid}`
    writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true })
    unlessDone(
      () => linkSync(draft, path),
      () => existsSync(path),
    )
    rmSync(draft)
  }
  return readFileSync(path, 'utf8').trim()
}

/** A staging folder whose maker is dead was left by a start that was killed in the middle of initdb. */
function removeUnfinished(home: string): void {
  for (const name of readdirSync(home)) {
    const maker = /^data\.new-(\d+)$/.exec(name)?.[1]
    if (maker !== undefined && Number(maker) !== process.pid && !exists(Number(maker)))
      rmSync(join(home, name), { recursive: true, force: true })
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * initdb works in a staging folder that is then renamed: a database that exists is whole. The rename is synced before anyone
 * writes to it, or a power cut could undo it and the next start would take the database for an unfinished one.
 */
function create(cluster: Cluster, binaries: Binaries, log: (line: string) => void): void {
  log(`Creating a PostgreSQL ${binaries.major} database in ${cluster.data} …`)
  const { account, home } = cluster
  const staging = join(home, `data.new-${process.pid}`)
  const passwordFile = join(home, `password.initdb-${process.pid}`)
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging, { mode: 0o700 })
  writeFileSync(passwordFile, cluster.password, { mode: 0o600 })
  if (account !== undefined) for (const path of [staging, passwordFile]) chownSync(path, account.uid, account.gid)
  try {
    initdb(staging, passwordFile, cluster, binaries)
    unlessDone(
      () => renameSync(staging, cluster.data),
      () => existsSync(cluster.data),
    )
    syncFolder(home)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(staging, { recursive: true, force: true })
  }
}

/** The C library may lack the C.UTF-8 locale (macOS, Windows, old glibc), so it gets C; PostgreSQL's own provider has it always. */
function initdb(folder: string, passwordFile: string, cluster: Cluster, binaries: Binaries): void {
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const access = [`--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const settings = initialSettings.flatMap((setting) => ['-c', setting])
  const { status, error, stderr, stdout } = spawnSync(
    binaries.initdb,
    ['-D', folder, '--data-checksums', ...locale, ...access, ...settings],
    { ...asAccount(cluster.account), cwd: cluster.home, env: childEnvironment(), encoding: 'utf8', windowsHide: true },
  )
  if (status !== 0)
    throw new Error(`initdb could not create a database in ${folder}: ${error?.message ?? (stderr || stdout).trim()}`)
}

function refuseOtherMajor(data: string, binaries: Binaries): void {
  const made = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'))
  if (made === binaries.major) return
  throw new Error(
    `The database in ${data} was made by PostgreSQL ${made}, but this Carillon brings PostgreSQL ${binaries.major}, which cannot ` +
      'open it. Export it with the Carillon that made it (npx carillon dump), move the folder away, and load it here (npx carillon load).',
  )
}
