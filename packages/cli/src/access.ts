import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure } from './failure.ts'

// Which server a command talks to, and with which token. From the strongest: options, CARILLON_SERVER and CARILLON_TOKEN, the file that
// `carillon dev` keeps in its data folder (so that commands given beside it just work), the file that `carillon login` keeps for this user.

/** What a file of access holds. */
export interface StoredAccess {
  readonly server: string
  readonly token?: string
  readonly tenant?: string
}

export interface Access {
  readonly server: string
  readonly token: string
  /** Code of the tenant to act in; only platform administrators choose one. */
  readonly tenant?: string
}

export interface AccessOptions {
  readonly server?: string
  readonly token?: string
  readonly tenant?: string
}

export function findAccess(options: AccessOptions, env: NodeJS.ProcessEnv): Access {
  const file = accessFile(env)
  const stored = readAccess(file)
  const server = options.server ?? filled(env.CARILLON_SERVER) ?? stored?.server
  if (server === undefined) {
    throw new Failure(
      'USAGE',
      'Which server? None is known here.',
      'Start one with `npx carillon dev`, or name one: `npx carillon login`, --server, or CARILLON_SERVER.',
    )
  }
  // A stored token goes to the server that it was stored for, and to no other.
  const kept = server === stored?.server ? stored : undefined
  const token = options.token ?? filled(env.CARILLON_TOKEN) ?? kept?.token
  const tenant = options.tenant ?? filled(env.CARILLON_TENANT) ?? kept?.tenant
  if (token === undefined) {
    throw new Failure(
      'USAGE',
      `No token is known for ${server}.`,
      'Give one with `npx carillon login`, --token or CARILLON_TOKEN. It was shown at the very first start of the server.',
    )
  }
  return { server, token, ...(tenant === undefined ? {} : { tenant }) }
}

const filled = (text: string | undefined) => (text === '' ? undefined : text)

/** The file that commands given here read: the data folder's if there is one, else the user's. */
export function accessFile(env: NodeJS.ProcessEnv): string {
  const local = localAccessFile(filled(env.CARILLON_DATA_DIR) ?? './.carillon')
  return existsSync(local) ? local : userAccessFile(env)
}

export function localAccessFile(dataDir: string): string {
  return join(dataDir, 'cli.json')
}

function userAccessFile(env: NodeJS.ProcessEnv): string {
  const folder = process.platform === 'win32' ? filled(env.APPDATA) : filled(env.XDG_CONFIG_HOME)
  return join(folder ?? join(homedir(), '.config'), 'carillon', 'cli.json')
}

export function readAccess(file: string): StoredAccess | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const stored = JSON.parse(text) as Partial<StoredAccess> | null
    if (typeof stored?.server === 'string') return stored as StoredAccess
  } catch {
    // Said below, with what to do.
  }
  throw new Failure('USAGE', `${file} cannot be read as the access of this command.`, 'Delete it and run `npx carillon login`.')
}

/** Readable by its owner alone, and complete or not there at all. */
export function keepAccess(file: string, access: StoredAccess): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 })
  // A draft that was left behind keeps the mode that it had.
  chmodSync(draft, 0o600)
  renameSync(draft, file)
}
