import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { DockerServer } from '../../../runner/src/containers/docker/docker-server.test-helper.ts'
import { KubernetesServer } from '../../../runner/src/containers/kubernetes/kubernetes-server.test-helper.ts'
import { run, runJson, sharedEnv } from '../testing/run.ts'
import { Started } from '../testing/started.ts'
import { sharedClient } from '../testing/tasks.ts'

/** The examples of the guide: what stands in it between fences is what is done here, against servers that answer as the engines do. */
const guide = readFileSync(new URL('../../../../docs/guides/containers.md', import.meta.url), 'utf8')
const [onDocker, onKubernetes] = [...guide.matchAll(/^```json\n([^]*?)^```/gm)].map(
  ([, text]) => JSON.parse(text!) as TypeExample,
)
const [dockerCommand, kubernetesCommand] = [...guide.matchAll(/^CARILLON_TOKEN=… npx carillon (executor .*)$/gm)].map(
  ([, text]) => text!.split(' ').map((word) => word.replaceAll("'", '')),
)

interface TypeExample {
  readonly code: string
  readonly kind: string
  readonly app: string
  readonly settings: Record<string, unknown>
}

const PYTHON = 'docker.io/library/python:3.13-slim'

async function dockerServer(): Promise<DockerServer> {
  const docker = await new DockerServer().start()
  onTestFinished(() => docker.stop())
  docker.stage.images.add(PYTHON)
  return docker
}

async function tokenOf(app: string): Promise<string> {
  await sharedClient().apps.create({ body: { code: app } })
  return (await run(['token', 'create', app, '--role', 'executor', '--app', app])).out.trim()
}

function start(command: readonly string[], token: string, env: NodeJS.ProcessEnv): Started {
  const executor = new Started(command, { CARILLON_SERVER: inject('dev').server, CARILLON_TOKEN: token, ...env })
  onTestFinished(async () => void (await executor.stop()))
  return executor
}

async function createTask({ code, ...type }: TypeExample): Promise<void> {
  const client = sharedClient()
  await client.taskTypes.create({ body: { code, ...type } as never })
  await client.tasks.create({ body: { code, type: code, policies: { retry: { maxRetries: 0 } } } })
}

async function newest(task: string) {
  const [found] = await runJson<{ id: number }[]>(['runs', '--task', task])
  return sharedClient().instances.get({ params: { instance: found!.id } })
}

const storeSecret = (name: string, value: string) => run(['secrets', 'create', name], sharedEnv(), value)

test("the guide's container runs on Docker in an executor that was started as the guide says", async () => {
  const docker = await dockerServer()
  const canary = `canary-${randomBytes(8).toString('hex')}`
  docker.stage.programs[PYTHON] = {
    output: '{"sum":6}',
    says: [
      ['stdout', '2026-03-04T05:06:07.000000001Z', '3 rows\n'],
      ['stderr', '2026-03-04T05:06:07.000000002Z', `the key is ${canary}\n`],
    ],
  }
  await storeSecret('warehouse-key', canary)
  const executor = start(dockerCommand!, await tokenOf('containers'), { DOCKER_HOST: docker.host })
  await executor.says(/runs containers on Docker at unix:/)
  await createTask(onDocker!)

  const ran = await run(['trigger', onDocker!.code, '-p', 'rows=[1,2,3]', '--follow'])
  expect(ran.code, ran.err).toBe(0)
  expect((await newest(onDocker!.code)).output).toEqual({ sum: 6 })
  expect(ran.out + ran.err).toContain('3 rows')
  expect(ran.out + ran.err).toContain('the key is ********')
  expect(docker.containers.size).toBe(0)

  await createTask({ ...onDocker!, code: 'miner', settings: { image: 'evil/miner' } })
  const refused = await run(['trigger', 'miner', '--follow'])
  expect(refused.out + refused.err).toContain('This executor does not run the image evil/miner:latest')
})

test('a container whose executor was killed is removed by the next executor of its name', async () => {
  const docker = await dockerServer()
  docker.stage.programs[PYTHON] = { stays: true }
  const token = await tokenOf('crashing')
  const command = dockerCommand!.map((word) => (word === 'containers' ? 'crashing' : word))
  const first = start(command, token, { DOCKER_HOST: docker.host })
  await first.says(/runs containers/)
  await createTask({ ...onDocker!, code: 'stays', app: 'crashing', settings: { image: 'python:3.13-slim' } })
  expect((await run(['trigger', 'stays'])).code).toBe(0)
  await expect.poll(() => docker.containers.size, { timeout: 20_000 }).toBe(1)
  first.signal('SIGKILL')
  await first.exited
  expect(docker.containers.size).toBe(1)

  const second = start(command, token, { DOCKER_HOST: docker.host })
  await second.says(/A container that was left behind on Docker at .* removed/)
  expect(docker.containers.size).toBe(0)
})

test("the guide's Job runs on Kubernetes in an executor that was started as the guide says", async () => {
  const kubernetes = await new KubernetesServer().start()
  onTestFinished(() => kubernetes.stop())
  kubernetes.stage.log = ['2026-03-04T05:06:07.000000001Z loading', '2026-03-04T05:06:08.000000001Z {"rows":12}']
  const folder = mkdtempSync(join(tmpdir(), 'carillon-kube-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server: kubernetes.origin } }],
    users: [{ name: 'test', user: { token: 'a-token' } }],
  }
  writeFileSync(join(folder, 'config'), JSON.stringify(config))
  await storeSecret('registry', 'registry-password')
  const executor = start(kubernetesCommand!, await tokenOf('jobs'), {
    KUBECONFIG: join(folder, 'config'),
    KUBERNETES_SERVICE_HOST: '',
  })
  await executor.says(/runs containers on Kubernetes test/)
  await createTask(onKubernetes!)

  const ran = await run(['trigger', onKubernetes!.code, '--follow'])
  expect(ran.code, ran.err).toBe(0)
  expect((await newest(onKubernetes!.code)).output).toEqual({ rows: 12 })
  expect(kubernetes.made.map(({ kind, body }) => [kind, body.metadata.name.replace(/^carillon-.*?-\d+-\d+/, 'x')])).toEqual([
    ['jobs', 'x'],
    ['secrets', 'x'],
    ['secrets', 'x-pull'],
  ])
  expect(kubernetes.headers.every(({ authorization }) => authorization === 'Bearer a-token')).toBe(true)
  expect(kubernetes.jobs.size + kubernetes.secrets.size).toBe(0)
})

test('an executor says at its start what it lacks', async () => {
  const env = { CARILLON_SERVER: inject('dev').server, CARILLON_TOKEN: 'x' }
  const nothing = await run(['executor', '--app', 'x'], env)
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('It is allowed nothing')])
  const both = await run(['executor', '--app', 'x', '--docker', '--kubernetes'], env)
  expect([both.code, both.err]).toEqual([
    2,
    expect.stringMatching(/'--docker \[host\]' cannot be used with option '--kubernetes/),
  ])
  const away = await run(['executor', '--app', 'x', '--docker=unix:///nowhere/docker.sock'], env)
  expect([away.code, away.err]).toEqual([1, expect.stringContaining('Docker at unix:///nowhere/docker.sock does not answer')])
})

test('a type whose secrets others could read is refused', async () => {
  await sharedClient().apps.create({ body: { code: 'leaks' } })
  const type = (settings: object) =>
    sharedClient().taskTypes.create({
      body: { code: 'leaky', kind: 'container', app: 'leaks', settings: { image: 'alpine:3', ...settings } } as never,
    })
  await expect(type({ args: ['--key', '${{ secrets.warehouse-key }}'] })).rejects.toThrow('must not refer to a secret')
  await expect(type({ registry: { username: 'ci', password: 'plain' } })).rejects.toThrow('must refer to a secret')
})
