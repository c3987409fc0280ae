import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { dockerAddress } from './docker-address.ts'

it.each([
  [undefined, {}, { origin: 'http://localhost', socketPath: '/var/run/docker.sock' }],
  [undefined, { DOCKER_HOST: 'tcp://10.0.0.5' }, { origin: 'http://10.0.0.5:2375' }],
  ['tcp://10.0.0.5:4243', { DOCKER_HOST: 'tcp://10.0.0.6' }, { origin: 'http://10.0.0.5:4243' }],
  ['npipe:////./pipe/docker_engine', {}, { origin: 'http://localhost', socketPath: '//./pipe/docker_engine' }],
])('%j with %j', (host, env, expected) => {
  expect(dockerAddress(host, env)).toEqual({ name: expect.stringMatching(/^Docker at /), ...expected })
})

it('speaks TLS where Docker is told to, with the certificates that there are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-docker-certs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'ca.pem'), 'the ca')
  const env = { DOCKER_HOST: 'tcp://docker.internal', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
  expect(dockerAddress(undefined, env)).toMatchObject({ origin: 'https://docker.internal:2376', tls: { ca: 'the ca' } })
})

it('says what an address should be', () => {
  expect(() => dockerAddress('ssh://me@host', {})).toThrow('it should begin with unix://, tcp:// or https://')
})
