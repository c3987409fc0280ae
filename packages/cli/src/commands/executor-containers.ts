import { InvalidArgumentError, Option, type Command } from 'commander'
import { hostname } from 'node:os'
import type { Handler } from '@carillon/executor'
import type { ContainerEngine } from '@carillon/runner'

export interface ContainerOptions {
  /** `true` without a value. */
  readonly docker?: string | true
  readonly kubernetes?: string | true
  readonly images?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly serviceAccounts?: readonly string[]
}

export function addContainerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--docker [host]', 'run containers on Docker (default: DOCKER_HOST, else the socket of this machine)').conflicts(
        'kubernetes',
      ),
    )
    .option('--kubernetes [context]', 'run containers as Jobs (default: the cluster it runs in, else the current context)')
    .option(
      '--images <patterns>',
      'images that may be run, with commas, as alpine:*,registry.example.com/** (default: every one)',
      list,
    )
    .option('--namespaces <names>', 'in which Jobs may run, with commas, its own first (default: that of the context)', list)
    .option('--service-accounts <names>', 'as which Jobs may run, with commas (default: none)', list)
}

/** What an executor of containers has beside its other handlers. */
export interface Containers {
  /**
   * Without the number of the process: what a crash leaves behind is known by the name, and removed by whoever starts under it again.
   */
  readonly instance: string
  readonly handlers: readonly Handler[]
  readonly what: readonly string[]
  start(isIn: () => boolean): Promise<void>
  stop(): Promise<void>
}

interface Who {
  readonly server: string
  readonly app: string
  readonly instance?: string
}

/** Null where neither engine is asked for. */
export async function containersOf(
  runner: typeof import('@carillon/runner'),
  options: ContainerOptions & Who,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Containers | null> {
  const instance = options.instance ?? hostname()
  const engine = await engineOf(runner, options, `${options.app}/${instance} of ${options.server}`, env)
  if (engine === null) return null
  const { images } = options
  const { handler, start, stop } = runner.createContainerRunner(engine, { say, ...(images && { images }) })
  return { instance, handlers: [handler], what: [`containers on ${engine.name}`], start, stop }
}

async function engineOf(
  { DockerEngine, KubernetesEngine, dockerAddress, kubernetesCluster }: typeof import('@carillon/runner'),
  { docker, kubernetes, namespaces, serviceAccounts }: ContainerOptions,
  identity: string,
  env: NodeJS.ProcessEnv,
): Promise<ContainerEngine | null> {
  if (docker !== undefined) return new DockerEngine({ identity, address: dockerAddress(named(docker), env) })
  if (kubernetes === undefined) return null
  const cluster = await kubernetesCluster(named(kubernetes), env)
  return new KubernetesEngine({
    identity,
    cluster,
    ...(namespaces && { namespaces }),
    ...(serviceAccounts && { serviceAccounts }),
  })
}

const named = (value: string | true) => (value === true ? undefined : value)

function list(text: string): readonly string[] {
  const words = text.split(',').map((word) => word.trim())
  if (words.some((word) => word === '')) throw new InvalidArgumentError('It should be names with commas between them.')
  return words
}
