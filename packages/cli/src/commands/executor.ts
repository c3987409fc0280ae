import { InvalidArgumentError, Option, type Command } from 'commander'
import { pathToFileURL } from 'node:url'
import type { RunnerKind, ScriptHandlerOptions, SmsProvider } from '@carillon/runner'
import { findAccess, type AccessOptions } from '../access.ts'
import type { Cli } from '../cli.ts'
import { stay } from '../stay.ts'

interface ExecutorCommandOptions extends AccessOptions {
  readonly app: string
  readonly allow: readonly RunnerKind[]
  readonly capacity: number
  readonly instance?: string
  readonly workFolder?: string
  readonly files?: string
  readonly allowPrivate?: true
  readonly plugin: readonly string[]
  readonly scriptUser?: NonNullable<ScriptHandlerOptions['user']>
}

/** As in the package that runs them, which only this command loads. */
const KINDS: readonly RunnerKind[] = ['script', 'sql', 'export', 'report', 'sync', 'message']

export function addExecutor(program: Command, cli: Cli): void {
  program
    .command('executor')
    .description('Start an executor of scripts, statements and presets, as far as it is allowed to')
    .option('--server <url>', 'address of the server (CARILLON_SERVER)')
    .option('--token <token>', 'token of the role executor; better given as CARILLON_TOKEN, out of the list of processes')
    .requiredOption('--app <code>', 'app whose work it does')
    .addOption(
      new Option('--allow <kinds>', `what it does, with commas: ${KINDS.join(', ')}`).argParser(parseKinds).makeOptionMandatory(),
    )
    .option('--capacity <number>', 'instances that it runs at once', parseCapacity, 10)
    .option('--instance <name>', 'its name, unique in the app (default: host and process)')
    .option('--work-folder <folder>', "where scripts get their folders (default: the system's temporary folder)")
    .option('--files <folder>', 'where exports and reports go')
    .option('--allow-private', 'messages may go to private addresses')
    .option('--plugin <file>', 'module that exports an SMS provider by default; may be repeated', collect, [])
    .option(
      '--script-user <uid:gid>',
      'whom scripts run as, by number; needs root. Otherwise they can read what this executor can',
      parseUser,
    )
    .action(async (options: ExecutorCommandOptions) => {
      const { server, token } = findAccess(options, cli.env)
      const [{ createExecutor }, { runnerHandlers }] = await Promise.all([
        import('@carillon/executor'),
        import('@carillon/runner'),
      ])
      const { app, allow, capacity, instance, workFolder, scriptUser, files, allowPrivate = false, plugin } = options
      const runner = {
        ...{ files, allowPrivate, smsProviders: await Promise.all(plugin.map(loadPlugin)) },
        ...(workFolder !== undefined && { workFolder }),
        ...(scriptUser && { user: scriptUser }),
      }
      const say = (line: string) => cli.terminal.say(line)
      const executor = createExecutor({
        ...{ server, token, app, capacity, handlers: runnerHandlers(allow, runner) },
        ...(instance !== undefined && { instance }),
        log: { info: say, warn: say, error: say },
      })
      await stay(cli.terminal, async () => {
        await executor.start()
        say(`Executor of ${app} at ${server}: runs ${allow.join(' and ')}`)
        return { databaseLost: new Promise(() => undefined), stop: () => executor.drain() }
      })
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
