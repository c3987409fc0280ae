import { createHash } from 'node:crypto'
import { chmodSync, chownSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Account } from './account.ts'
import { superuser, type Cluster } from './cluster.ts'
import { ownFolder } from './folder.ts'

/** Where the server listens: a Unix socket in a closed folder, or a TCP port of the loopback interface. Both ask for the password. */
export type Endpoint = { kind: 'socket'; folder: string; port: number } | { kind: 'tcp'; host: string; port: number }

/** Systems allow 104 to 108 bytes for the path of a socket, `/.s.PGSQL.5432` and a closing zero included. */
const longestFolder = 88

export async function chooseEndpoint(cluster: Cluster, port: number | undefined): Promise<Endpoint> {
  if (port !== undefined) return { kind: 'tcp', host: '127.0.0.1', port }
  if (process.platform === 'win32') return { kind: 'tcp', host: '127.0.0.1', port: await freePort() }
  return { kind: 'socket', folder: socketFolder(cluster), port: 5432 }
}

/** The settings that make the server listen there and nowhere else. */
export function listenSettings(endpoint: Endpoint): string[] {
  const common = [`port=${endpoint.port}`, 'unix_socket_permissions=0700']
  if (endpoint.kind === 'tcp') return [...common, `listen_addresses=${endpoint.host}`, 'unix_socket_directories=']
  // The setting is a list: quoted, a folder with a comma or a space in its name stays one.
  return [...common, 'listen_addresses=', `unix_socket_directories="${endpoint.folder.replaceAll('"', '""')}"`]
}

export function urlOf(endpoint: Endpoint, cluster: Cluster, database: string): string {
  const who = `${superuser}:${encodeURIComponent(cluster.password)}`
  if (endpoint.kind === 'tcp') return `postgresql://${who}@${endpoint.host}:${endpoint.port}/${database}`
  return `postgresql://${who}@/${database}?host=${encodeURIComponent(endpoint.folder)}&port=${endpoint.port}`
}

function socketFolder(cluster: Cluster): string {
  for (const folder of [join(cluster.home, 'socket'), shortFolder(cluster)]) {
    if (Buffer.byteLength(folder) > longestFolder || !prepared(folder, cluster.account)) continue
    return folder
  }
  throw new Error(
    `No folder for PostgreSQL's socket: ${cluster.home} is too long a path, and ${shortFolder(cluster)} is not ours.`,
  )
}

/** Derived from the database's folder, so that each start of it finds the same socket. Temporary folders may themselves be long. */
function shortFolder(cluster: Cluster): string {
  return `/tmp/carillon-${createHash('sha256').update(cluster.home).digest('hex').slice(0, 16)}`
}

/** From the second start on, the folder belongs to the server's account already. */
function prepared(folder: string, account: Account | undefined): boolean {
  if (!ownFolder(folder, 0o700, account?.uid)) return false
  chmodSync(folder, 0o700)
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  return true
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port')),
      )
    })
  })
}
