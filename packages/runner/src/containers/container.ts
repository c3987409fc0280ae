import type { HandlerContext } from '@carillon/executor'
import type { ImageName } from './image-name.ts'
import type { ProgramKind, ProgramSettings, ProgramSource } from '../program.ts'
import { WorkFailure } from '../work-failure.ts'

/** The settings of the kind `container`. */
export interface ContainerSettings extends ProgramSettings {
  readonly image: string
  readonly command?: readonly string[]
  readonly workdir?: string
  readonly resources?: { readonly cpu?: number; readonly memoryMb?: number }
  /** Default `if-missing`, and `always` where the tag is `latest`. */
  readonly pullPolicy?: PullPolicy
  readonly registry?: { readonly username: string; readonly password: string }
  readonly kubernetes?: {
    readonly namespace?: string
    readonly serviceAccount?: string
    readonly nodeSelector?: Readonly<Record<string, string>>
  }
}

export type PullPolicy = 'if-missing' | 'always' | 'never'

/** What an engine is to run for one attempt. */
export interface ContainerWork {
  readonly settings: ContainerSettings
  readonly image: ImageName
  readonly pullPolicy: PullPolicy
  /** With everything but CARILLON_PARAMS and CARILLON_OUTPUT, whose places the engine knows. */
  readonly env: Readonly<Record<string, string>>
  /** JSON. */
  readonly params: string
  /** From asking it to end until it is killed. */
  readonly killAfterMs: number
}

export interface ContainerEnd {
  readonly exitCode: number
  /** It was killed because it needed more memory than it may have. */
  readonly outOfMemory: boolean
  /** What stands in the file of the output; null without one. */
  readonly output: string | null
  /** The engine kept no more of the output than this many bytes. */
  readonly outputCutAt?: number
}

export interface ContainerOutlet {
  line(source: ProgramSource, text: string): void
}

/** Docker, or Kubernetes. */
export interface ContainerEngine {
  /** As told to people: `Docker at unix:///var/run/docker.sock`. */
  readonly name: string
  /** Runs it to its end, whatever that is; when the context's signal is aborted it is stopped, then killed. Leaves nothing behind. */
  run(work: ContainerWork, context: HandlerContext, outlet: ContainerOutlet): Promise<ContainerEnd>
  /** Removes what an executor of this identity has left behind, and answers how many containers that were. */
  sweep(): Promise<number>
  close(): Promise<void>
}

/** How a container fails, beside `EXIT_<code>`. */
export class ContainerFailure extends WorkFailure {
  override readonly name = 'ContainerFailure'
}

export const CONTAINER: ProgramKind = { noun: 'container', Failure: ContainerFailure }

const FOR_GOOD =
  /not found|manifest unknown|no such image|denied|unauthorized|invalid reference|does not exist|no matching manifest/i

/** The image cannot be had: for good where there is none, or one may not; else a registry that is away may come back. */
export function imageFailure(image: ImageName, said: string): ContainerFailure {
  const isNetwork = /no such host|timeout|refused|reset|unreachable|EOF|toomanyrequests|temporarily/i.test(said)
  return new ContainerFailure(
    'CONTAINER_IMAGE',
    `The image ${image.short} cannot be pulled: ${said}`,
    isNetwork || !FOR_GOOD.test(said),
  )
}

/** The engine does not take what it is asked for; asked again it would not either. */
export const refusedFailure = (said: string) =>
  new ContainerFailure('CONTAINER_SETTINGS', `The engine does not take these settings: ${said}`, false)

export const goneFailure = () =>
  new ContainerFailure('CONTAINER_GONE', 'The container was removed by somebody else while it ran', true)

const NO_PROGRAM = /executable file not found|no such file or directory|permission denied|not a directory|exec format error/i

/** It did not even start: for good where its command or folder is not in the image. */
export function startFailure(said: string): ContainerFailure {
  return new ContainerFailure('CONTAINER_START', `The container cannot be started: ${said}`, !NO_PROGRAM.test(said))
}
