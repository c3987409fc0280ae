import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

/** The system account PostgreSQL runs as; `undefined` where that is simply the account of this process. */
export interface Account {
  name: string
  uid: number
  gid: number
}

/**
 * PostgreSQL refuses to run as root, so a node started by root lends it the first of `candidates` that exists.
 * initdb looks its account up in the passwd file, so a bare number would not do.
 */
export function serverAccount(candidates: readonly string[] = ['postgres', 'nobody']): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of candidates) {
    const uid = idOf('-u', name)
    const gid = idOf('-g', name)
    if (uid !== undefined && gid !== undefined) return { name, uid, gid }
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and this machine has none of the accounts ${candidates.join(', ')}. ` +
      'Start Carillon as an ordinary user, or create the account: useradd --system postgres',
  )
}

/** Data that exists keeps its owner: the account it was made by runs it, whatever account a new one would get. */
export function ownerOf(folder: string): Account | undefined {
  const { uid, gid } = statSync(folder)
  const mine = process.getuid?.()
  if (mine === undefined || uid === mine) return undefined
  if (mine === 0) return { name: `user ${uid}`, uid, gid }
  throw new Error(
    `The database in ${folder} belongs to user ${uid}, but this process is user ${mine}. ` +
      `Start Carillon as that user, or hand the folder over: chown -R ${mine} ${folder}`,
  )
}

/** Options that make a child process run as `account`, with none of our supplementary groups. */
export function asAccount(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid }
}

/** Whether `account` may walk into `folder`. Asked of the kernel, since modes alone do not know of ACLs and mounts. */
export function mayEnter(account: Account | undefined, folder: string): boolean {
  if (account === undefined) return true
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...asAccount(account), cwd: '/', stdio: 'ignore' }).status === 0
}

/** What a PostgreSQL process gets to see of our environment: nothing that could hold a secret, no PG* variable. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const wanted = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot']
  const kept = wanted.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' }
}

function idOf(flag: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return undefined
  }
}
