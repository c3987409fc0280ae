import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { ConnectionOptions } from '../engine-connection.ts'

/** Where a cluster is, and as whom to ask it. */
export interface Cluster {
  readonly connection: ConnectionOptions
  readonly namespace: string
}

const POD_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
/** The kubelet writes a new token long before the old one ends. */
const TOKEN_READ_AGAIN_MS = 60_000

/**
 * The cluster of a context of the kubeconfig (KUBECONFIG, else ~/.kube/config); without one the cluster that this process runs in, else
 * the kubeconfig's current context.
 */
export async function kubernetesCluster(
  context: string | undefined,
  env: NodeJS.ProcessEnv,
  podFolder = POD_FOLDER,
): Promise<Cluster> {
  const host = env['KUBERNETES_SERVICE_HOST']
  return context === undefined && host
    ? clusterOfPod(host, env['KUBERNETES_SERVICE_PORT'] ?? '443', podFolder)
    : clusterOfFile(context, env)
}

async function clusterOfPod(host: string, port: string, folder: string): Promise<Cluster> {
  const read = (file: string) => readFile(join(folder, file), 'utf8')
  const origin = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    connection: {
      name: `Kubernetes at ${origin}`,
      origin,
      tls: { ca: await read('ca.crt') },
      headers: bearer(() => read('token')),
    },
    namespace: (await read('namespace')).trim(),
  }
}

function bearer(read: () => Promise<string>): () => Promise<Record<string, string>> {
  let token = ''
  let readAt = -Infinity
  return async () => {
    if (performance.now() - readAt > TOKEN_READ_AGAIN_MS) {
      token = (await read()).trim()
      readAt = performance.now()
    }
    return { authorization: `Bearer ${token}` }
  }
}

// ───────────────────────────────────────────────────────────────── kubeconfig

interface Named<K extends string, T> {
  readonly entries: readonly ({ readonly name: string } & { readonly [key in K]: T })[]
}

interface KubeConfig {
  readonly 'current-context'?: string
  readonly contexts?: Named<'context', { cluster: string; user: string; namespace?: string }>['entries']
  readonly clusters?: Named<'cluster', KubeCluster>['entries']
  readonly users?: Named<'user', KubeUser>['entries']
}

interface KubeCluster {
  readonly server: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
}

interface KubeUser {
  readonly token?: string
  readonly tokenFile?: string
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly username?: string
  readonly password?: string
  readonly exec?: unknown
  readonly 'auth-provider'?: unknown
}

async function clusterOfFile(wanted: string | undefined, env: NodeJS.ProcessEnv): Promise<Cluster> {
  const path = env['KUBECONFIG']?.split(delimiter).find((each) => each !== '') ?? join(homedir(), '.kube', 'config')
  const config = parse(
    await readFile(path, 'utf8').catch((error: Error) => fail(`${path} cannot be read: ${error.message}`)),
  ) as KubeConfig
  const name = wanted ?? config['current-context'] ?? fail(`${path} has no current context; name one`)
  const { context } = find(config.contexts, name) ?? fail(`${path} has no context ${name}; it has ${names(config.contexts)}`)
  const { cluster } = find(config.clusters, context.cluster) ?? fail(`${path} has no cluster ${context.cluster}`)
  const { user } = find(config.users, context.user) ?? fail(`${path} has no user ${context.user}`)
  const read = fileReader(dirname(path))
  const headers = headersOf(user, context.user, path, read)
  return {
    connection: {
      name: `Kubernetes ${name}`,
      origin: cluster.server,
      tls: await tlsOf(cluster, user, read),
      ...(headers && { headers }),
    },
    namespace: context.namespace ?? 'default',
  }
}

const fail = (message: string): never => {
  throw new Error(message)
}

const find = <T extends { readonly name: string }>(entries: readonly T[] | undefined, name: string) =>
  entries?.find((entry) => entry.name === name)
const names = (entries: readonly { readonly name: string }[] = []) => entries.map(({ name }) => name).join(', ') || 'none'

type Read = (path: string | undefined, data?: string) => Promise<string | undefined>

/** Data in the file itself wins over a path, which is relative to the file. */
function fileReader(folder: string): Read {
  return async (path, data) => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString()
    return path === undefined ? undefined : readFile(resolve(folder, path), 'utf8')
  }
}

async function tlsOf(cluster: KubeCluster, user: KubeUser, read: Read): Promise<NonNullable<ConnectionOptions['tls']>> {
  const ca = await read(cluster['certificate-authority'], cluster['certificate-authority-data'])
  const cert = await read(user['client-certificate'], user['client-certificate-data'])
  const key = await read(user['client-key'], user['client-key-data'])
  const servername = cluster['tls-server-name']
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
    ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
  }
}

function headersOf(user: KubeUser, name: string, path: string, read: Read): ConnectionOptions['headers'] {
  const { token, tokenFile, username, password } = user
  if (tokenFile !== undefined) return bearer(async () => (await read(tokenFile)) ?? '')
  if (token !== undefined) return bearer(() => Promise.resolve(token))
  if (username !== undefined) {
    const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
    return () => Promise.resolve({ authorization: `Basic ${basic}` })
  }
  if (user.exec !== undefined || user['auth-provider'] !== undefined)
    throw new Error(
      `The user ${name} of ${path} gets its token from another program, which an executor does not start; give it the token of a service account`,
    )
  return undefined
}
