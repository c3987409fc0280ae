import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { kubernetesCluster } from './kube-config.ts'

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'carillon-kube-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

const CONFIG = `
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: { cluster: one, user: ada, namespace: etl }
- name: ci
  context: { cluster: two, user: robot }
- name: cloud
  context: { cluster: two, user: cloud }
clusters:
- name: one
  cluster:
    server: https://10.0.0.1:6443
    certificate-authority-data: ${base64('the ca')}
- name: two
  cluster: { server: 'https://10.0.0.2:6443', certificate-authority: ca.pem, tls-server-name: kube.internal }
users:
- name: ada
  user: { client-certificate-data: ${base64('the cert')}, client-key-data: ${base64('the key')} }
- name: robot
  user: { token: t0ken }
- name: cloud
  user: { exec: { command: cloud-login } }
`

it('reads the current context of a kubeconfig, or the one that is named', async () => {
  const env = { KUBECONFIG: join(folder({ config: CONFIG, 'ca.pem': 'another ca' }), 'config') }
  expect(await kubernetesCluster(undefined, env)).toEqual({
    connection: {
      name: 'Kubernetes dev',
      origin: 'https://10.0.0.1:6443',
      tls: { ca: 'the ca', cert: 'the cert', key: 'the key' },
    },
    namespace: 'etl',
  })
  const { connection, namespace } = await kubernetesCluster('ci', env)
  expect(connection).toMatchObject({ origin: 'https://10.0.0.2:6443', tls: { ca: 'another ca', servername: 'kube.internal' } })
  expect(await connection.headers!()).toEqual({ authorization: 'Bearer t0ken' })
  expect(namespace).toBe('default')
})

it('says what is wrong with a kubeconfig', async () => {
  const env = { KUBECONFIG: join(folder({ config: CONFIG, 'ca.pem': '' }), 'config') }
  await expect(kubernetesCluster('prod', env)).rejects.toThrow('has no context prod; it has dev, ci, cloud')
  await expect(kubernetesCluster('cloud', env)).rejects.toThrow('gets its token from another program')
  await expect(kubernetesCluster(undefined, { KUBECONFIG: '/nowhere/config' })).rejects.toThrow('/nowhere/config cannot be read')
})

it('finds the cluster that it runs in by what a pod is given', async () => {
  const pod = folder({ 'ca.crt': 'the ca', token: 'pod-token\n', namespace: 'etl' })
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
  const { connection, namespace } = await kubernetesCluster(undefined, env, pod)
  expect(connection).toMatchObject({ origin: 'https://[fd00::1]:443', tls: { ca: 'the ca' } })
  expect(await connection.headers!()).toEqual({ authorization: 'Bearer pod-token' })
  expect(namespace).toBe('etl')
})
