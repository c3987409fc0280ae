import type { Program } from './child.ts'

/** Settings that make faults quick to see: short leases, frequent heartbeats. */
export const QUICK_SETTINGS: Readonly<Record<string, string>> = {
  CARILLON_LEASE_MS: '3000',
  CARILLON_EXECUTOR_HEARTBEAT_MS: '500',
  CARILLON_NODE_HEARTBEAT_MS: '500',
  CARILLON_CANCEL_GRACE_MS: '1000',
  CARILLON_BUILTIN_EXECUTOR: 'false',
  CARILLON_LOG_LEVEL: 'info',
}

export interface NodeOptions {
  readonly name: string
  readonly cwd: string
  readonly port: number
  readonly databaseUrl: string
  readonly settings?: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
}

/** A server node: always on the same port, so that whoever knew it finds it again after a restart. */
export function serverNode({ name, cwd, port, databaseUrl, settings = {}, nodeOptions = [] }: NodeOptions): Program {
  const own = {
    DATABASE_URL: databaseUrl,
    CARILLON_NODE_ID: name,
    CARILLON_PORT: String(port),
    CARILLON_DATA_DIR: `${cwd}/${name}`,
  }
  return { name, module: 'server', cwd, nodeOptions, env: { ...QUICK_SETTINGS, ...settings, ...own } }
}
