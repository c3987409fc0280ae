import { InstanceStopped } from '@carillon/executor'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ContainerSettings } from '../container.ts'
import { createContainerHandler } from '../container-handler.ts'
import { identityOf } from '../identity.ts'
import { KubernetesEngine, type KubernetesOptions } from './kubernetes-engine.ts'
import { KubernetesServer, PENDING, RUNNING, terminated, waiting, type KubernetesStage } from './kubernetes-server.test-helper.ts'

const IDENTITY = 'runners/host-1 of http://127.0.0.1:8080'

async function staged(stage: Partial<KubernetesStage> = {}, options: Partial<KubernetesOptions> = {}) {
  const server = await new KubernetesServer().start()
  Object.assign(server.stage, stage)
  const patience = { awayMs: 5_000, restMs: 20, stopMs: 200 }
  const engine = new KubernetesEngine({ cluster: server.cluster, identity: IDENTITY, patience, podlessMs: 20, ...options })
  onTestFinished(async () => {
    await engine.close()
    await server.stop()
  })
  const run = (settings: Partial<ContainerSettings> = {}, instance: TestInstance = {}) =>
    runHandler(createContainerHandler(engine, { killAfterMs: 1_000 }), {
      kind: 'container',
      settings: { image: 'alpine:3', ...settings },
      ...instance,
    })
  return { server, engine, run }
}

const kept = ({ jobs, secrets }: KubernetesServer) => [...jobs.keys(), ...secrets.keys()]

describe('KND-1 a container as a Job of Kubernetes', () => {
  it('answers the JSON of its output file, logs its lines, and leaves nothing behind', async () => {
    const { server, run } = await staged({
      statuses: [PENDING, waiting('ContainerCreating'), RUNNING, terminated(0, 'Completed', '{"sum":3}')],
      log: ['2026-03-04T05:06:07.1Z starting', '2026-03-04T05:06:08.123456789Z done'],
    })
    const result = await run()
    expect(result).toMatchObject({ outcome: 'SUCCESS', output: { sum: 3 } })
    expect(result.logs.map(({ source, text }) => [source, text])).toEqual([
      ['stdout', 'starting'],
      ['stdout', 'done'],
    ])
    expect(kept(server)).toEqual([])
    expect(server.calls.filter((call) => call.startsWith('DELETE'))).toHaveLength(1)
  })

  it('answers its last line where the settings say so', async () => {
    const { run } = await staged({ log: ['2026-03-04T05:06:07Z ["a",1]'] })
    expect(await run({ output: 'last-line' })).toMatchObject({ outcome: 'SUCCESS', output: ['a', 1] })
  })

  it('is asked for with no way out of the container, one attempt, an end of its own, and its secrets apart', async () => {
    const { server, run } = await staged()
    await run(
      {
        command: ['sh', '-c'],
        args: ['echo $(KEY) $HOME'],
        env: { KEY: 'hidden-value' },
        workdir: '/srv',
        resources: { cpu: 0.5, memoryMb: 64 },
        registry: { username: 'reader', password: 'hidden-password' },
        kubernetes: { nodeSelector: { disk: 'ssd' } },
      },
      { instance: 17, run: 11, tenant: 5, token: 3, attempt: 2, timeoutMs: 30_000, params: { a: 'hidden-param' } },
    )
    const [job, secret, pull] = server.made
    const name = `carillon-${identityOf(IDENTITY).hash.slice(0, 8)}-17-3`
    expect(JSON.stringify(job)).not.toContain('hidden')
    expect(job!.body).toMatchObject({
      metadata: {
        name,
        labels: { 'carillon.tenant': '5', 'carillon.run': '11', 'carillon.instance': '17', 'carillon.attempt': '2' },
      },
      spec: { suspend: true, backoffLimit: 0, ttlSecondsAfterFinished: 3600, activeDeadlineSeconds: 90 },
    })
    const { spec } = (job!.body.spec as { template: { spec: Record<string, unknown> } }).template
    expect(spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      nodeSelector: { disk: 'ssd' },
      terminationGracePeriodSeconds: 1,
      imagePullSecrets: [{ name: `${name}-pull` }],
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ name: 'carillon', secret: { secretName: name, items: [{ key: 'params.json', path: 'params.json' }] } }],
    })
    expect(Object.keys(spec)).not.toEqual(expect.arrayContaining(['hostNetwork', 'hostPID', 'hostIPC']))
    const [container] = spec['containers'] as [{ env: object[] }]
    expect(container).toMatchObject({
      image: 'docker.io/library/alpine:3',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c'],
      // Kubernetes makes "$(KEY) $HOME" of it again, and no variable.
      args: ['echo $$(KEY) $$HOME'],
      workingDir: '/srv',
      resources: { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '500m', memory: '64Mi' } },
      securityContext: { privileged: false, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      terminationMessagePath: '/dev/termination-log',
    })
    expect(container.env).toContainEqual({ name: 'KEY', valueFrom: { secretKeyRef: { name, key: 'KEY' } } })
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: `uid-${name}`, controller: true }]
    expect(secret!.body).toMatchObject({
      metadata: { name, ownerReferences },
      stringData: { KEY: 'hidden-value', CARILLON_INSTANCE: '17', 'params.json': '{"a":"hidden-param"}' },
    })
    expect(pull!.body).toMatchObject({
      metadata: { name: `${name}-pull`, ownerReferences },
      type: 'kubernetes.io/dockerconfigjson',
    })
    const { '.dockerconfigjson': config } = pull!.body['stringData'] as Record<string, string>
    expect(JSON.parse(config!)).toEqual({
      auths: {
        'https://index.docker.io/v1/': {
          username: 'reader',
          password: 'hidden-password',
          auth: Buffer.from('reader:hidden-password').toString('base64'),
        },
      },
    })
  })

  it('runs in namespaces, and as service accounts, that the executor allows', async () => {
    const { server, run } = await staged({}, { namespaces: ['etl', 'reports'], serviceAccounts: ['loader'] })
    expect(await run()).toMatchObject({ outcome: 'SUCCESS' })
    expect(await run({ kubernetes: { namespace: 'reports', serviceAccount: 'loader' } })).toMatchObject({ outcome: 'SUCCESS' })
    expect(server.calls.filter((call) => call.startsWith('POST') && call.endsWith('jobs'))).toEqual([
      'POST /apis/batch/v1/namespaces/etl/jobs',
      'POST /apis/batch/v1/namespaces/reports/jobs',
    ])
    const pod = (server.made.findLast(({ kind }) => kind === 'jobs')!.body.spec as { template: { spec: object } }).template.spec
    expect(pod).toMatchObject({ serviceAccountName: 'loader', automountServiceAccountToken: true })
    const before = server.calls.length
    for (const kubernetes of [{ namespace: 'kube-system' }, { serviceAccount: 'admin' }])
      expect(await run({ kubernetes })).toMatchObject({ error: { code: 'CONTAINER_FORBIDDEN' }, retriable: false })
    expect(server.calls).toHaveLength(before)
  })

  it.each([
    ['its exit code', terminated(3), 'EXIT_3', true],
    ['want of memory', terminated(137, 'OOMKilled'), 'CONTAINER_OUT_OF_MEMORY', true],
    [
      'a command that is not in the image',
      terminated(128, 'StartError', 'exec: "nope": executable file not found in $PATH: unknown'),
      'CONTAINER_START',
      false,
    ],
    [
      'a node that put it out',
      { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
      'CONTAINER_EVICTED',
      true,
    ],
    ['a text that is not JSON in its output', terminated(0, 'Completed', 'done'), 'CONTAINER_OUTPUT', false],
    [
      'an image that has no name',
      waiting('InvalidImageName', "couldn't parse image name: invalid reference format"),
      'CONTAINER_IMAGE',
      false,
    ],
    ['a pod that cannot be made', waiting('CreateContainerError', 'context deadline exceeded'), 'CONTAINER_START', true],
  ])('fails by %s', async (_, status, code, retriable) => {
    const { server, run } = await staged({ statuses: [PENDING, status] })
    expect(await run()).toMatchObject({ outcome: 'FAILURE', error: { code }, retriable })
    expect(kept(server)).toEqual([])
  })

  it('whose output was cut says where more may stand', async () => {
    const { run } = await staged({ statuses: [RUNNING, terminated(0, 'Completed', `"${'x'.repeat(4095)}`)] })
    expect((await run()).error!.message).toContain('4096 bytes here, so use "output": "last-line"')
  })

  it('whose image cannot be pulled says why, as the node said it first', async () => {
    const why = 'failed to pull and unpack image "docker.io/library/alpine:3": docker.io/library/alpine:3: not found'
    const { run } = await staged({
      statuses: [
        waiting('ContainerCreating'),
        waiting('ErrImagePull', why),
        waiting('ImagePullBackOff', 'Back-off pulling image "docker.io/library/alpine:3"'),
      ],
    })
    const result = await run()
    expect(result).toMatchObject({ error: { code: 'CONTAINER_IMAGE' }, retriable: false })
    expect(result.error!.message).toBe(`The image alpine:3 cannot be pulled: ErrImagePull: ${why}`)
    expect(result.logs[0]!.text).toContain('the node tries again')
  })

  it('that no node takes, and that no pod is made for, says so while it waits', async () => {
    const unscheduled = {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }],
    }
    const { run } = await staged({ statuses: [unscheduled, unscheduled, RUNNING, terminated(0)] })
    expect((await run()).logs.map(({ text }) => text)).toEqual(['No node takes it yet: Unschedulable: 0/3 nodes are available'])

    const message = 'pods "x" is forbidden: exceeded quota: compute'
    let go: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const podless = await staged({ events: [{ reason: 'FailedCreate', message }], statuses: [gate, RUNNING, terminated(0)] })
    const running = podless.run()
    await expect.poll(() => podless.server.calls.filter((call) => call.includes('/events')).length).toBeGreaterThan(1)
    go()
    expect((await running).logs.map(({ text }) => text)).toEqual([`Kubernetes makes no pod yet: FailedCreate: ${message}`])
  })

  it('that the cluster does not take fails for good', async () => {
    const said = 'Job.batch "x" is invalid: spec.template.spec.containers[0].image: Required value'
    const { run } = await staged({ refusals: { 'POST jobs': [422, 'Invalid', said] } })
    expect(await run()).toMatchObject({
      error: { code: 'CONTAINER_SETTINGS', message: `The engine does not take these settings: ${said}` },
      retriable: false,
    })
  })

  it('that may not be made says what the executor lacks', async () => {
    const said = 'jobs.batch is forbidden: User "system:serviceaccount:x:y" cannot create resource "jobs"'
    const { run } = await staged({ refusals: { 'POST jobs': [403, 'Forbidden', said] } })
    expect((await run()).error).toMatchObject({ code: 'CONTAINER_ENGINE', message: `Kubernetes test answers 403: ${said}` })
  })
})

describe('INS-7 a Job that is to stop', () => {
  it('is deleted with its pod and its secrets, and its pod is given time', async () => {
    const { server, run } = await staged({ statuses: [RUNNING], log: ['2026-03-04T05:06:07Z working'] })
    const stop = new AbortController()
    const running = run({}, { signal: stop.signal })
    await expect.poll(() => server.calls.some((call) => call.includes('/log'))).toBe(true)
    stop.abort(new InstanceStopped('TIMEOUT'))
    const result = await running
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: 'TIMEOUT' } })
    expect(kept(server)).toEqual([])
    expect(server.pods.size).toBe(0)
  })

  it('while its image is pulled is deleted as well', async () => {
    const { server, run } = await staged({ statuses: [waiting('ContainerCreating')] })
    const stop = new AbortController()
    const running = run({}, { signal: stop.signal })
    await expect.poll(() => server.pods.size).toBe(1)
    stop.abort(new InstanceStopped('CANCEL'))
    expect(await running).toMatchObject({ error: { code: 'CANCEL' } })
    expect(kept(server)).toEqual([])
  })

  it('before there is a pod does not wait for one', async () => {
    const { server, run } = await staged({ statuses: [] }, { podlessMs: 60_000 })
    const stop = new AbortController()
    const running = run({}, { signal: stop.signal })
    await expect.poll(() => server.calls.some((call) => call.includes('watch=true'))).toBe(true)
    stop.abort(new InstanceStopped('CANCEL'))
    expect(await running).toMatchObject({ error: { code: 'CANCEL' } })
    expect(kept(server)).toEqual([])
  })
})

describe('a cluster that falters', () => {
  const at = (second: number, text: string) => `2026-03-04T05:06:0${second}.5Z ${text}`

  it('whose log breaks off in the middle is asked for the rest: no line is lost, none comes twice', async () => {
    const log = [at(1, 'one'), at(1, 'two'), at(1, 'three'), at(2, 'four'), at(3, 'five')]
    const { server, run } = await staged({ log, logCuts: [2, 4] })
    expect((await run()).logs.map(({ text }) => text)).toEqual(['one', 'two', 'three', 'four', 'five'])
    const asked = server.calls.filter((call) => call.includes('/log')).map((call) => new URL(`http://x${call.split(' ')[1]}`))
    expect(asked.map((url) => url.searchParams.get('sinceTime'))).toEqual([null, '2026-03-04T05:06:01Z', '2026-03-04T05:06:02Z'])
  })

  it.each([
    ['breaks off', { watchCuts: [0, 1, 0] }],
    ['is told that what it knows is too old', { watchesTooOld: 2 }],
  ])('whose watch %s is asked again', async (_, stage) => {
    const { server, run } = await staged({ statuses: [PENDING, RUNNING, terminated(0, 'Completed', '1')], ...stage })
    expect(await run()).toMatchObject({ outcome: 'SUCCESS', output: 1 })
    expect(server.calls.filter((call) => call.includes('/pods?')).length).toBeGreaterThan(2)
  })

  it('on which somebody deletes the pod fails the attempt, to be tried again', async () => {
    const { server, run } = await staged({ statuses: [waiting('ContainerCreating')] })
    const running = run()
    await expect.poll(() => server.pods.size).toBe(1)
    const [pod] = server.pods.values()
    server.emit('DELETED', pod!)
    expect(await running).toMatchObject({ error: { code: 'CONTAINER_GONE' }, retriable: true })
  })

  it('on which somebody deletes the Job before it has a pod fails the attempt', async () => {
    const { server, run } = await staged({ statuses: [] })
    const running = run()
    await expect.poll(() => server.calls.some((call) => call.includes('watch=true'))).toBe(true)
    server.jobs.clear()
    expect(await running).toMatchObject({ error: { code: 'CONTAINER_GONE' }, retriable: true })
  })

  it('that lost its answer to a creation is not given a second Job: it is found by its name', async () => {
    const { server, run } = await staged({ lostCreates: 1 })
    expect(await run()).toMatchObject({ outcome: 'SUCCESS' })
    expect(server.made.filter(({ kind }) => kind === 'jobs')).toHaveLength(1)
  })
})

describe('what an executor left behind when it crashed', () => {
  it('is deleted by the next of its identity; what others run is left alone, and so is what it runs itself', async () => {
    const { server, engine, run } = await staged({ statuses: [RUNNING] })
    const mine = { 'carillon.executor': identityOf(IDENTITY).hash, 'carillon.instance': '9', 'carillon.token': '1' }
    server.leave('left', mine)
    server.leave('other', { ...mine, 'carillon.executor': identityOf('runners/host-2').hash })
    const stop = new AbortController()
    const running = run({}, { instance: 17, token: 3, signal: stop.signal })
    await expect.poll(() => server.pods.size).toBe(1)
    expect(await engine.sweep()).toBe(1)
    expect([...server.jobs.keys()]).toEqual(['other', expect.stringMatching(/-17-3$/)])
    stop.abort(new InstanceStopped('CANCEL'))
    await running
    expect([...server.jobs.keys()]).toEqual(['other'])
  })
})
