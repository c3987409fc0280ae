import { InvalidArgumentError, Option, type Command } from 'commander'
import { pathToFileURL } from 'node:url'
import type { RunnerKind, ScriptHandlerOptions, SmsProvider } from '@carillon/runner'
import { findAccess, type AccessOptions } from '../access.ts'
import type { Cli } from '../cli.ts'
import { Failure } from '../failure.ts'
import { stay } from '../stay.ts'
import { addContainerOptions, containersOf, type ContainerOptions } from './executor-containers.ts'

interface ExecutorCommandOptions extends AccessOptions, ContainerOptions {
  readonly app?: string
  readonly builtin?: true
  readonly allow: readonly RunnerKind[]
  readonly capacity?: number
  readonly instance?: string
  readonly workFolder?: string
  readonly files?: string
  /** `true` without a value. */
  readonly allowPrivate?: true | 'tenants'
  readonly plugin: readonly string[]
  readonly scriptUser?: NonNullable<ScriptHandlerOptions['user']>
}

/** As in the package that runs them, which only this command loads. */
const KINDS: readonly RunnerKind[] = ['script', 'sql', 'export', 'report', 'sync', 'message']

export function addExecutor(program: Command, cli: Cli): void {
  const command = program
    .command('executor')
    .description(
      'Start an executor of scripts, statements, presets and containers, as far as it is allowed to; or of the built-in kinds',
    )
    .option('--server <url>', 'address of the server (CARILLON_SERVER)')
    .option('--token <token>', 'token of the role executor; better given as CARILLON_TOKEN, out of the list of processes')
    .option('--app <code>', 'app whose work it does')
    .option('--builtin', 'run http, log and delay of every tenant, for servers that leave them out (builtinExecutor: false)')
    .addOption(
      new Option('--allow <kinds>', `what it does, with commas: ${KINDS.join(', ')}`)
        .argParser(parseKinds)
        .default([], 'nothing'),
    )
    .option('--capacity <number>', 'instances that it runs at once (default: 10, with --builtin 64)', parseCapacity)
    .option('--instance <name>', 'its name, unique in the app (default: host and process; with containers the host)')
    .option('--work-folder <folder>', "where scripts get their folders (default: the system's temporary folder)")
    .option('--files <folder>', 'where exports and reports go')
    .addOption(
      new Option(
        '--allow-private [tenants]',
        'messages may go to private addresses; tenants: of each tenant to those that it is allowed (an executor of the platform)',
      ).argParser(parsePrivate),
    )
    .option('--plugin <file>', 'module that exports an SMS provider by default; may be repeated', collect, [])
    .option(
      '--script-user <uid:gid>',
      'whom scripts run as, by number; needs root. Otherwise they can read what this executor can',
      parseUser,
    )
  addContainerOptions(command).action(async (options: ExecutorCommandOptions) => {
    if (options.builtin) return startBuiltin(cli, options)
    const { server, token } = findAccess(options, cli.env)
    const [{ createExecutor, hearEgress, httpConnection }, runner] = await Promise.all([
      import('@carillon/executor'),
      import('@carillon/runner'),
    ])
    const { app, allow, capacity = CAPACITY, workFolder, scriptUser, files, allowPrivate, plugin } = options
    if (app === undefined) throw new Failure('USAGE', 'It does the work of no app.', 'Name one: --app <code>.')
    const say = (line: string) => cli.terminal.say(line)
    const containers = await containersOf(runner, { ...options, app, server }, cli.env, say)
    if (allow.length === 0 && containers === null)
      throw new Failure(
        'USAGE',
        'It is allowed nothing.',
        `Say what it does: --allow ${KINDS.join(',')}, --docker or --kubernetes.`,
      )
    const instance = options.instance ?? containers?.instance
    const { connection, egressOf } = hearEgress(httpConnection({ server, token }))
    const handlers = runner.runnerHandlers(allow, {
      ...{ files, smsProviders: await Promise.all(plugin.map(loadPlugin)) },
      ...(allowPrivate && { egressOf: allowPrivate === 'tenants' ? egressOf : () => ALL_PRIVATE }),
      ...(workFolder !== undefined && { workFolder }),
      ...(scriptUser && { user: scriptUser }),
    })
    const executor = createExecutor({
      ...{ connection, app, capacity, handlers: [...handlers, ...(containers?.handlers ?? [])] },
      ...(instance !== undefined && { instance }),
      // A container that is asked to end may take its time, and has to be removed.
      ...(containers && { graceMs: 10_000 }),
      log: { info: say, warn: say, error: say },
    })
    await stay(cli.terminal, async () => {
      await containers?.start(() => executor.stats.session !== null)
      await executor.start()
      say(`Executor of ${app} at ${server}: runs ${[...allow, ...(containers?.what ?? [])].join(' and ')}`)
      const stop = async () => {
        await executor.drain()
        await containers?.stop()
      }
      return { databaseLost: new Promise(() => undefined), stop }
    })
  })
}

const CAPACITY = 10
const ALL_PRIVATE = { allowPrivate: true, privateTargets: [] }

/** It serves every tenant, so it runs nothing of what only some executors may. */
async function startBuiltin(cli: Cli, options: ExecutorCommandOptions): Promise<void> {
  const { allow, plugin, instance, capacity } = options
  const others = [options.app, options.docker, options.kubernetes, options.allowPrivate, options.files, options.workFolder]
  if ([...allow, ...plugin].length > 0 || [...others, options.scriptUser].some((other) => other !== undefined))
    throw new Failure(
      'USAGE',
      'With --builtin it runs http, log and delay, of the app builtin, and nothing else.',
      'Leave out the options of other kinds (--app, --allow, --allow-private, --docker …), or start another executor for them.',
    )
  const access = findAccess(options, cli.env)
  const { createBuiltinApart } = await import('@carillon/server')
  const say = (line: string) => cli.terminal.say(line)
  const executor = createBuiltinApart({
    ...access,
    ...(instance !== undefined && { instance }),
    ...(capacity !== undefined && { capacity }),
    log: { info: say, warn: say, error: say },
  })
  await stay(cli.terminal, async () => {
    await executor.start()
    say(`Executor of builtin at ${access.server}: runs http, log and delay`)
    return { databaseLost: new Promise(() => undefined), stop: () => executor.drain() }
  })
}

const collect = (file: string, before: readonly string[]) => [...before, file]

async function loadPlugin(file: string): Promise<SmsProvider> {
  const { default: provider } = (await import(pathToFileURL(file).href)) as { default?: Partial<SmsProvider> }
  if (typeof provider?.name === 'string' && typeof provider.send === 'function') return provider as SmsProvider
  throw new Error(`The plug-in ${file} should export { name, send } by default.`)
}

function parseKinds(text: string): readonly RunnerKind[] {
  const kinds = text.split(',').map((each) => KINDS.find((kind) => kind === each.trim()))
  if (kinds.some((kind) => kind === undefined))
    throw new InvalidArgumentError(`It should be of ${KINDS.join(', ')}, with commas.`)
  return kinds as readonly RunnerKind[]
}

function parsePrivate(text: string): 'tenants' {
  if (text === 'tenants') return text
  throw new InvalidArgumentError('It should be tenants, or left out.')
}

function parseCapacity(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 100_000) return number
  throw new InvalidArgumentError('It should be a whole number from 1 to 100,000.')
}

function parseUser(text: string): { uid: number; gid: number } {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(text) ?? []
  if (uid === undefined || gid === undefined) throw new InvalidArgumentError('It should be two numbers, as in 65534:65534.')
  return { uid: Number(uid), gid: Number(gid) }
}
