import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from '../engine-connection.ts'

const DEFAULT_HOST = 'unix:///var/run/docker.sock'

/**
 * Where Docker is, as its own command understands it: `host`, else DOCKER_HOST, else the socket of this machine. TLS with DOCKER_TLS_VERIFY
 * and the files of DOCKER_CERT_PATH.
 */
export function dockerAddress(host: string | undefined, env: NodeJS.ProcessEnv): ConnectionOptions {
  const text = host || env['DOCKER_HOST'] || DEFAULT_HOST
  const name = `Docker at ${text}`
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.+)$/.exec(text) ?? []
  if (scheme === 'unix' || scheme === 'npipe') return { name, origin: 'http://localhost', socketPath: rest }
  if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') {
    const isTls = scheme === 'https' || Boolean(env['DOCKER_TLS_VERIFY'])
    const url = new URL(`${isTls ? 'https' : 'http'}://${rest}`)
    if (url.port === '' && scheme === 'tcp') url.port = isTls ? '2376' : '2375'
    return {
      name,
      origin: url.origin,
      ...(isTls && { tls: certificates(env['DOCKER_CERT_PATH'] || join(homedir(), '.docker')) }),
    }
  }
  throw new Error(`The address of Docker is ${text}; it should begin with unix://, tcp:// or https://`)
}

/** Each of them may be missing: a server with a public certificate may ask for none. */
function certificates(folder: string): NonNullable<ConnectionOptions['tls']> {
  const read = (file: string) => {
    try {
      return readFileSync(join(folder, file), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map(read)
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) }
}
