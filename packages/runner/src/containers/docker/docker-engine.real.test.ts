import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { InstanceStopped } from '@carillon/executor'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ContainerEngine, ContainerSettings } from '../container.ts'
import { createContainerHandler } from '../container-handler.ts'
import { dockerAddress } from './docker-address.ts'
import { DockerEngine } from './docker-engine.ts'

const host = process.env['CARILLON_TEST_DOCKER'] ?? (existsSync('/var/run/docker.sock') ? 'unix:///var/run/docker.sock' : null)
const image = process.env['CARILLON_TEST_DOCKER_IMAGE'] ?? 'alpine:3'

function open(identity = randomUUID()) {
  const engine = new DockerEngine({ address: dockerAddress(host!, process.env), identity })
  onTestFinished(async () => {
    await engine.sweep()
    await engine.close()
  })
  const run = (args: string, settings: Partial<ContainerSettings> = {}, instance: TestInstance = {}) =>
    runHandler(createContainerHandler(engine, { killAfterMs: 1_000 }), {
      kind: 'container',
      settings: { image, command: ['sh', '-c'], args: [args], ...settings },
      ...instance,
    })
  return { engine, run }
}

describe('a container on a Docker engine that is there', () => {
  beforeEach(({ skip }) => {
    if (host === null) skip('No Docker engine: there is no /var/run/docker.sock, and CARILLON_TEST_DOCKER names none')
  })

  it('reads its parameters, logs both streams and answers its output', async () => {
    const { run } = open()
    const result = await run('cat "$CARILLON_PARAMS" > "$CARILLON_OUTPUT"; echo out; echo err >&2', {}, { params: { a: 1 } })
    expect(result, result.error?.message).toMatchObject({ outcome: 'SUCCESS', output: { a: 1 } })
    const said = result.logs.filter(({ source }) => source !== 'system').map(({ source, text }) => `${source} ${text}`)
    expect(said.sort()).toEqual(['stderr err', 'stdout out'])
  })

  it('fails by its exit code, and by a command and an image that are not there', async () => {
    const { run } = open()
    expect(await run('echo why >&2; exit 3')).toMatchObject({
      error: { code: 'EXIT_3', message: expect.stringContaining('why') },
    })
    expect(await run('', { command: ['/nope'] })).toMatchObject({ error: { code: 'CONTAINER_START' }, retriable: false })
    expect(await run('', { image: `carillon/${randomUUID()}:1` })).toMatchObject({ error: { code: 'CONTAINER_IMAGE' } })
  })

  it('has no capability', async () => {
    const { run } = open()
    const { output } = await run('awk \'/^CapEff/ { printf "\\"%s\\"", $2 }\' /proc/self/status', { output: 'last-line' })
    expect(output).toBe('0000000000000000')
  })

  it('is stopped when it is cancelled', async () => {
    const { engine } = open()
    const stop = new AbortController()
    // As soon as it has spoken.
    const watched: ContainerEngine = {
      ...{ name: engine.name, sweep: () => engine.sweep(), close: () => engine.close() },
      run: (work, context, outlet) =>
        engine.run(work, context, {
          line: (source, text) => {
            outlet.line(source, text)
            stop.abort(new InstanceStopped('CANCEL'))
          },
        }),
    }
    const settings = { image, command: ['sh', '-c'], args: ['echo up; exec sleep 600'] }
    const result = await runHandler(createContainerHandler(watched, { killAfterMs: 1_000 }), { settings, signal: stop.signal })
    expect(result).toMatchObject({ error: { code: 'CANCEL' } })
    expect(result.logs.map(({ text }) => text)).toContain('up')
    expect(await engine.sweep()).toBe(0)
  })
})
