import type { HandlerContext } from '@carillon/executor'
import type { ContainerSettings, ContainerWork } from '../container.ts'
import { labelsOf, type Identity } from '../identity.ts'
import { tar } from '../tar.ts'

const FOLDER = '/carillon'
export const OUTPUT_FILE = `${FOLDER}/output.json`

/**
 * What is asked of Docker. Nothing in it comes from the settings that could reach out of the container: no mounts, no devices, no
 * network or name space of the host, no capabilities, no way to gain any.
 */
export function containerBody(work: ContainerWork, context: HandlerContext, identity: Identity): object {
  const { settings, image } = work
  const env = { ...work.env, CARILLON_PARAMS: `${FOLDER}/params.json`, CARILLON_OUTPUT: OUTPUT_FILE }
  return {
    Image: image.full,
    ...(settings.command && { Entrypoint: settings.command }),
    ...(settings.args && { Cmd: settings.args }),
    ...(settings.workdir !== undefined && { WorkingDir: settings.workdir }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...labelsOf(context, identity), 'carillon.executor-name': identity.text, 'carillon.task': context.task },
    Tty: false,
    HostConfig: {
      ...limits(settings),
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 1024,
      NetworkMode: 'bridge',
      // A shell that is process 1 hears no SIGTERM, and buries nobody.
      Init: true,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      // One that is read as it is written, whatever the engine's own is, and that does not fill the disk.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '20m', 'max-file': '3' } },
    },
  }
}

function limits({ resources: { cpu, memoryMb } = {} }: ContainerSettings): object {
  const memory = memoryMb === undefined ? null : memoryMb * 1_048_576
  return {
    ...(cpu !== undefined && { NanoCpus: Math.round(cpu * 1e9) }),
    // Memory and swap together: none beyond.
    ...(memory !== null && { Memory: memory, MemorySwap: memory }),
  }
}

/** What is put into it before it starts: its parameters, and a folder for its output that any user may write to. */
export function filesOf({ params }: ContainerWork): Buffer {
  const folder = FOLDER.slice(1)
  return tar([
    { name: `${folder}/`, mode: 0o1777 },
    { name: `${folder}/params.json`, mode: 0o444, content: params },
  ])
}
