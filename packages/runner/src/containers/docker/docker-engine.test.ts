import { InstanceStopped } from '@carillon/executor'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ContainerSettings } from '../container.ts'
import { createContainerHandler, type ContainerHandlerOptions } from '../container-handler.ts'
import { createContainerRunner } from '../container-runner.ts'
import { identityOf } from '../identity.ts'
import { dockerAddress } from './docker-address.ts'
import { DockerEngine } from './docker-engine.ts'
import { DockerServer, type Program, type Stage } from './docker-server.test-helper.ts'

const ALPINE = 'docker.io/library/alpine:3'
const IDENTITY = 'runners/host-1 of http://127.0.0.1:8080'

/** An engine on which alpine:3 is there and does what the program says. */
async function staged(program: Program = {}, stage: Partial<Stage> = {}) {
  const docker = await new DockerServer().start()
  Object.assign(docker.stage, { images: new Set([ALPINE]), programs: { [ALPINE]: program } }, stage)
  const address = dockerAddress(docker.host, {})
  const engine = new DockerEngine({ address, identity: IDENTITY, patience: { awayMs: 5_000, restMs: 20, stopMs: 200 } })
  onTestFinished(async () => {
    await engine.close()
    await docker.stop()
  })
  const run = (
    settings: Partial<ContainerSettings> = {},
    instance: TestInstance = {},
    options: ContainerHandlerOptions = { killAfterMs: 1_000 },
  ) =>
    runHandler(createContainerHandler(engine, options), {
      kind: 'container',
      settings: { image: 'alpine:3', ...settings },
      ...instance,
    })
  return { docker, engine, run }
}

/** The body with which a container was made, though it is gone. */
function watchCreated(docker: DockerServer) {
  const made: Record<string, unknown>[] = []
  const set = docker.containers.set.bind(docker.containers)
  docker.containers.set = (id, container) => {
    made.push(container.body)
    return set(id, container)
  }
  return made
}

const at = (second: number) => `2026-03-04T05:06:${String(second).padStart(2, '0')}.000000001Z`

describe('KND-1 a container on Docker', () => {
  it('answers the JSON of its output file, and leaves nothing behind', async () => {
    const { docker, run } = await staged({ output: '{"sum":3}' })
    expect(await run()).toMatchObject({ outcome: 'SUCCESS', output: { sum: 3 } })
    expect(docker.containers.size).toBe(0)
  })

  it('answers nothing where it wrote no file, and the last line where the settings say so', async () => {
    const { run } = await staged({
      says: [
        ['stdout', at(1), 'starting\n'],
        ['stdout', at(2), '["a",1]\n'],
      ],
    })
    expect(await run()).toMatchObject({ outcome: 'SUCCESS', output: undefined })
    expect(await run({ output: 'last-line' })).toMatchObject({ output: ['a', 1] })
  })

  it('is asked for with its command, environment and limits, and with no way out of the container', async () => {
    const { docker, run } = await staged()
    const made = watchCreated(docker)
    await run(
      { command: ['sh', '-c'], args: ['env'], env: { KEY: 'hidden' }, workdir: '/srv', resources: { cpu: 0.5, memoryMb: 64 } },
      { instance: 17, run: 11, tenant: 5, token: 3, attempt: 2, params: { a: 1 }, variables: { STAGE: 'test' } },
    )
    const [body] = made as [Record<string, unknown> & { Env: string[] }]
    expect(body).toMatchObject({ Image: ALPINE, Entrypoint: ['sh', '-c'], Cmd: ['env'], WorkingDir: '/srv', Tty: false })
    expect(body.Env).toEqual(expect.arrayContaining(['KEY=hidden', 'STAGE=test', 'CARILLON_PARAMS=/carillon/params.json']))
    expect(body['Labels']).toMatchObject({
      'carillon.tenant': '5',
      'carillon.run': '11',
      'carillon.instance': '17',
      'carillon.attempt': '2',
      'carillon.executor': identityOf(IDENTITY).hash,
      'carillon.executor-name': IDENTITY,
    })
    expect(body['HostConfig']).toEqual({
      NanoCpus: 500_000_000,
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 1024,
      NetworkMode: 'bridge',
      Init: true,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '20m', 'max-file': '3' } },
    })
  })

  it('logs each line as it comes, with the stream it came from, also where a line comes in pieces', async () => {
    const { docker, run } = await staged({
      stays: true,
      says: [
        ['stdout', at(1), 'one\n'],
        ['stderr', at(1), 'careful\n'],
        ['stdout', at(2), 'a long '],
        ['stdout', at(2), 'line with é\n'],
      ],
    })
    const running = run()
    await expect.poll(() => docker.calls.some((call) => call.includes('/logs'))).toBe(true)
    for (const container of docker.containers.values()) container.end(0)
    const { logs } = await running
    expect(logs.map(({ level, source, text }) => [level, source, text])).toEqual([
      ['INFO', 'stdout', 'one'],
      ['WARN', 'stderr', 'careful'],
      ['INFO', 'stdout', 'a long line with é'],
    ])
  })

  it('fails by its exit code, with the last lines that it said; what is fatal is not tried again', async () => {
    const { docker, run } = await staged({ exitCode: 3, says: [['stderr', at(1), 'no such account\n']] })
    const result = await run()
    expect(result).toMatchObject({ outcome: 'FAILURE', retriable: true, error: { code: 'EXIT_3' } })
    expect(result.error!.message).toContain('no such account')
    expect(await run({ fatalExitCodes: [3] })).toMatchObject({ retriable: false })
    expect(docker.containers.size).toBe(0)
  })

  it('says when it was killed for want of memory', async () => {
    const { run } = await staged({ exitCode: 137, outOfMemory: true })
    expect((await run({ resources: { memoryMb: 64 } })).error).toEqual({
      code: 'CONTAINER_OUT_OF_MEMORY',
      message: 'The container was killed for want of memory; it may have 64 MB',
    })
  })

  it('succeeds where a child alone was killed for want of memory', async () => {
    const { run } = await staged({ exitCode: 0, outOfMemory: true })
    expect(await run()).toMatchObject({ outcome: 'SUCCESS' })
  })

  it('fails for good where its command is not in the image', async () => {
    const said = 'failed to create task for container: exec: "nope": executable file not found in $PATH: unknown'
    const { docker, run } = await staged({ start: [400, said] })
    expect(await run({ command: ['nope'] })).toMatchObject({
      error: { code: 'CONTAINER_START', message: `The container cannot be started: ${said}` },
      retriable: false,
    })
    expect(docker.containers.size).toBe(0)
  })

  it('fails for good where its output is not JSON, or too much', async () => {
    const { run } = await staged({ output: 'done' })
    expect(await run()).toMatchObject({ error: { code: 'CONTAINER_OUTPUT' }, retriable: false })
    const large = await staged({ output: `"${'x'.repeat(1_000_000)}"` })
    expect(await large.run()).toMatchObject({ error: { code: 'CONTAINER_OUTPUT' }, retriable: false })
  })
})

describe('an image', () => {
  it('is pulled where it is missing, with its progress, by whom the settings say', async () => {
    const { docker, run } = await staged({}, { images: new Set() })
    const result = await run({ registry: { username: 'reader', password: 'hidden' } })
    expect(result.outcome).toBe('SUCCESS')
    expect(docker.calls.filter((call) => call.includes('/images/create'))).toEqual([
      'POST /images/create?fromImage=docker.io%2Flibrary%2Falpine%3A3',
    ])
    const auth = docker.headers.find((headers) => headers['x-registry-auth'] !== undefined)!['x-registry-auth'] as string
    expect(JSON.parse(Buffer.from(auth, 'base64url').toString())).toEqual({ username: 'reader', password: 'hidden' })
    expect(result.progress.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['Pulling alpine:3: 25 % of 4.0 MB', 'Pulling alpine:3: 100 % of 4.0 MB', 'Running']),
    )
    expect(result.logs.map(({ text }) => text)).toContain('Status: Downloaded newer image for alpine:3')
  })

  it('is pulled when the policy says so: latest always, others where they are missing', async () => {
    const { docker, run } = await staged({}, { images: new Set([ALPINE, 'docker.io/library/alpine:latest']) })
    const pulls = () => docker.calls.filter((call) => call.includes('/images/create')).length
    await run()
    expect(pulls()).toBe(0)
    await run({ image: 'alpine' })
    expect(pulls()).toBe(1)
    await run({ pullPolicy: 'always' })
    expect(pulls()).toBe(2)
    expect(await run({ image: 'busybox:1', pullPolicy: 'never' })).toMatchObject({
      error: { code: 'CONTAINER_IMAGE' },
      retriable: false,
    })
    expect(pulls()).toBe(2)
  })

  it.each([
    [404, [{ message: 'manifest for nope:1 not found: manifest unknown: manifest unknown' }], false],
    [404, [{ message: "pull access denied for nope, repository does not exist or may require 'docker login'" }], false],
    [500, [{ message: 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host' }], true],
    [
      200,
      [
        { status: 'Pulling fs layer', progressDetail: {}, id: '1f3e46996e29' },
        { errorDetail: { message: 'unexpected EOF' }, error: 'unexpected EOF' },
      ],
      true,
    ],
  ] as const)('that cannot be had fails it: %s %j, tried again: %s', async (status, lines, retriable) => {
    const { run } = await staged({}, { pulls: { 'docker.io/library/nope:1': { status, lines } } })
    const result = await run({ image: 'nope:1' })
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: 'CONTAINER_IMAGE' }, retriable })
    const said = lines.map((line) => ('message' in line ? line.message : 'error' in line ? line.error : '')).join('')
    expect(result.error!.message).toContain(said)
  })

  it('that the executor does not allow is neither pulled nor run', async () => {
    const { docker, run } = await staged()
    const result = await run({ image: 'evil/miner' }, {}, { images: ['alpine:*', 'registry.example.com/**'] })
    expect(result).toMatchObject({ error: { code: 'CONTAINER_FORBIDDEN' }, retriable: false })
    expect(docker.calls).toEqual([])
    expect(await run({}, {}, { images: ['alpine:*'] })).toMatchObject({ outcome: 'SUCCESS' })
  })
})

describe('INS-7 a container that is to stop', () => {
  it.each([
    ['by itself', {}],
    ['by SIGKILL', { stubborn: true }],
  ])('ends %s, and is removed', async (_, program) => {
    const { docker, run } = await staged({ stays: true, says: [['stdout', at(1), 'working\n']], ...program })
    const stop = new AbortController()
    const running = run({}, { signal: stop.signal })
    await expect.poll(() => docker.calls.some((call) => call.includes('/logs'))).toBe(true)
    stop.abort(new InstanceStopped('TIMEOUT'))
    const result = await running
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: 'TIMEOUT' } })
    expect(result.logs.map(({ text }) => text)).toContain('working')
    expect(docker.calls.find((call) => call.includes('/stop'))).toMatch(/\/stop\?t=1$/)
    expect(docker.containers.size).toBe(0)
  })

  it('while its image is pulled ends the pull, and is never made', async () => {
    let isPulling: () => void = () => undefined
    const pulling = new Promise<void>((resolve) => (isPulling = resolve))
    const never = new Promise(() => undefined)
    const slow = { lines: [{ status: 'Pulling from library/slow', id: '1' }, never] }
    const { docker, run } = await staged({}, { pulls: { 'docker.io/library/slow:1': slow } })
    const stop = new AbortController()
    const calls = docker.calls
    const push = calls.push.bind(calls)
    calls.push = (call) => {
      if (call.includes('/images/create')) isPulling()
      return push(call)
    }
    const running = run({ image: 'slow:1' }, { signal: stop.signal })
    await pulling
    stop.abort(new InstanceStopped('CANCEL'))
    expect(await running).toMatchObject({ outcome: 'FAILURE', error: { code: 'CANCEL' } })
    expect(docker.calls.some((call) => call.includes('/containers/create'))).toBe(false)
  })

  it('is removed by force where the engine does not stop it', async () => {
    const { docker, run } = await staged({ stays: true })
    const stop = new AbortController()
    const running = run({}, { signal: stop.signal })
    await expect.poll(() => docker.calls.some((call) => call.includes('/logs'))).toBe(true)
    const [container] = docker.containers.values()
    docker.stage.away.add(`POST /containers/${container!.id}/stop`)
    stop.abort(new InstanceStopped('CANCEL'))
    expect(await running).toMatchObject({ error: { code: 'CANCEL' } })
    expect(docker.containers.size).toBe(0)
  })
})

describe('an engine that falters', () => {
  const says = [1, 2, 3, 4, 5].map((second) => ['stdout', at(second), `line ${second}\n`] as const)

  it('whose log breaks off in the middle is asked for the rest: no line is lost, none comes twice', async () => {
    const { docker, run } = await staged({ says }, { logCuts: [2, 3] })
    const { logs } = await run()
    expect(logs.map(({ text }) => text)).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
    const asked = docker.calls.filter((call) => call.includes('/logs')).map((call) => new URL(`http://x${call.split(' ')[1]}`))
    const since = (second: number) => String(Math.floor(Date.parse(at(second)) / 1000) - 1)
    expect(asked.map((url) => url.searchParams.get('since'))).toEqual([null, since(2), since(3)])
  })

  it('whose log breaks off among lines of one instant brings each of them once', async () => {
    const twins = ['a', 'b', 'c', 'd'].map((text) => ['stdout', at(1), `${text}\n`] as const)
    const { run } = await staged({ says: twins }, { logCuts: [1, 3] })
    expect((await run()).logs.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('that breaks off while it is waited for is asked again', async () => {
    const { docker, run } = await staged({ stays: true, output: '1' })
    const running = run()
    await expect.poll(() => docker.calls.some((call) => call.includes('/wait'))).toBe(true)
    const [container] = docker.containers.values()
    docker.stage.away.add(`POST /containers/${container!.id}/wait`)
    await expect.poll(() => docker.calls.filter((call) => call.includes('/logs')).length).toBeGreaterThan(0)
    docker.dropConnections()
    await expect.poll(() => docker.calls.filter((call) => call.includes('/wait')).length).toBeGreaterThan(2)
    docker.stage.away.clear()
    container!.end(0)
    expect(await running).toMatchObject({ outcome: 'SUCCESS', output: 1 })
  })

  it('that lost its answer to a creation is not given a second container: it is found by its name', async () => {
    const { docker, run } = await staged({ output: '1' }, { lostCreates: 1 })
    const made = watchCreated(docker)
    expect(await run()).toMatchObject({ outcome: 'SUCCESS', output: 1 })
    expect(made).toHaveLength(1)
  })

  it('on which somebody else has the name fails the attempt, and leaves that container alone', async () => {
    const { docker, run } = await staged()
    const first = await run({}, { instance: 17, token: 3 })
    expect(first.outcome).toBe('SUCCESS')
    const name = /name=([^&]+)/.exec(docker.calls.find((call) => call.includes('/containers/create'))!)![1]!
    const other = docker.leave({ 'carillon.executor': 'another' })
    docker.containers.set(other.id, Object.assign(other, { name }))
    const second = await run({}, { instance: 17, token: 3 })
    expect(second).toMatchObject({ outcome: 'FAILURE', error: { code: 'CONTAINER_ENGINE' }, retriable: true })
    expect(second.error!.message).toContain('is already in use')
    expect([...docker.containers.keys()]).toEqual([other.id])
  })

  it('that is not there is said, to be tried again', async () => {
    const engine = new DockerEngine({ address: dockerAddress('unix:///nowhere/docker.sock', {}), identity: IDENTITY })
    onTestFinished(() => engine.close())
    const result = await runHandler(createContainerHandler(engine), { settings: { image: 'alpine:3' } })
    expect(result).toMatchObject({ error: { code: 'CONTAINER_ENGINE' }, retriable: true })
    expect(result.error!.message).toMatch(/^Docker at unix:\/\/\/nowhere\/docker\.sock does not answer: .*ENOENT/)
  })
})

describe('what an executor left behind when it crashed', () => {
  it('is stopped and removed by the next of its identity; what others run is left alone, and so is what it runs itself', async () => {
    const { docker, engine, run } = await staged({ stays: true })
    const mine = { 'carillon.executor': identityOf(IDENTITY).hash, 'carillon.instance': '9', 'carillon.token': '1' }
    const left = docker.leave(mine)
    const other = docker.leave({ ...mine, 'carillon.executor': identityOf('runners/host-2').hash })
    const foreign = docker.leave({})
    const running = run({}, { instance: 17, token: 3 })
    await expect.poll(() => docker.calls.some((call) => call.includes('/logs'))).toBe(true)
    expect(await engine.sweep()).toBe(1)
    expect(docker.calls).toContain(`POST /containers/${left.id}/stop?t=5`)
    const held = [...docker.containers.values()].find(({ body }) => body.Labels['carillon.instance'] === '17')!
    expect([...docker.containers.keys()].sort()).toEqual([other.id, foreign.id, held.id].sort())
    held.end(0)
    expect((await running).outcome).toBe('SUCCESS')
  })

  it('removes nothing while it is not let in: what bears its name is of the process that is', async () => {
    const { docker, engine } = await staged()
    const looked = () => docker.calls.filter((call) => call.startsWith('GET') && call.includes('/containers/json')).length
    let isIn = false
    let asked = 0
    const runner = createContainerRunner(engine, { sweepMs: 5 })
    onTestFinished(() => runner.stop())
    await runner.start(() => {
      asked += 1
      return isIn
    })
    const theirs = docker.leave({ 'carillon.executor': identityOf(IDENTITY).hash })
    await expect.poll(() => asked).toBeGreaterThan(3)
    expect([looked(), docker.containers.has(theirs.id)]).toEqual([1, true])
    isIn = true
    await expect.poll(() => docker.containers.has(theirs.id)).toBe(false)
  })
})
