import type { Client, ExecutorCreate, ExecutorEvent, ExecutorUpdate, XxlJobExecutorCreate } from '@carillon/contract'
import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { EXECUTOR, executorNumber, STATUSES } from '../executor-ref.ts'
import { momentOf, parseDuration } from '../moment.ts'
import { outline } from '../outline.ts'
import { readSecret } from '../read-secret.ts'
import { table, type Column } from '../table.ts'

/** What a person says of an executor. */
interface SaidOptions extends ApiOptions {
  readonly address: string
  readonly healthUrl: string
  readonly handler: string[]
  readonly capacity: number
  readonly healthEvery?: number
  readonly perCall?: number
  readonly label?: Record<string, string>
  readonly metadata?: Record<string, string>
  readonly callToken?: boolean
}

interface RegisterOptions extends SaidOptions {
  readonly app: string
}

interface XxlJobOptions extends ApiOptions {
  readonly app: string
  readonly name?: string
  readonly capacity?: number
  readonly healthEvery?: number
  readonly label?: Record<string, string>
  readonly metadata?: Record<string, string>
  readonly maintenance?: string
}

interface UpdateOptions extends Partial<Omit<SaidOptions, 'healthEvery' | 'perCall' | 'callToken'>> {
  readonly healthEvery?: number | 'default'
  readonly perCall?: number | 'default'
  /** false: `--no-call-token`. */
  readonly callToken?: boolean
}

interface StatusOptions extends ApiOptions {
  readonly reason?: string
}

export function addExecutors(program: Command, cli: Cli): void {
  const executors = program
    .command('executors')
    .description('Show executors, register them by hand, take them out of work and back, see their history')
  addRegister(executors, cli)
  addRegisterXxlJob(executors, cli)
  addUpdate(executors, cli)
  for (const [name, { status, says }] of Object.entries(STATUSES)) {
    addApiOptions(executors.command(name).argument(...EXECUTOR))
      .description(says)
      .option('--reason <text>', 'why, for others to read')
      .action(async (ref: string, options: StatusOptions) => {
        const { reason } = options
        const client = connect(cli, options)
        const body = { status, ...(reason === undefined ? {} : { reason }) }
        const after = await client.executors.setStatus({ params: { executor: await executorNumber(client, ref) }, body })
        if (options.json) return printJson(cli, after)
        cli.terminal.print(`Executor ${after.instance} is ${after.status}; it runs ${after.running} of ${after.capacity}.`)
      })
  }
  addApiOptions(executors.command('history').argument(...EXECUTOR))
    .description('What became of an executor in the last 30 days: status and health')
    .action(async (ref: string, options: ApiOptions) => {
      const client = connect(cli, options)
      const params = { executor: await executorNumber(client, ref) }
      const { items } = await client.executors.history({ params, query: { limit: 200 } })
      if (options.json) printJson(cli, items)
      else cli.terminal.print(table(cli.terminal, EVENT_COLUMNS, items))
    })
  addApiOptions(executors.command('show').argument(...EXECUTOR))
    .description('One executor: what it says of itself, its load, how its attempts ended, its last changes')
    .action(async (ref: string, options: ApiOptions) => {
      const client = connect(cli, options)
      const described = await describeExecutor(client, ref)
      if (options.json) printJson(cli, described)
      else cli.terminal.print(outline(described))
    })
  addApiOptions(executors.command('delete').argument(...EXECUTOR))
    .description('Delete an executor; what it still holds is handed to others')
    .action(async (ref: string, options: ApiOptions) => {
      const client = connect(cli, options)
      const executor = await executorNumber(client, ref)
      await client.executors.remove({ params: { executor } })
      if (options.json) printJson(cli, { id: executor })
      else cli.terminal.print(`Executor ${ref} is deleted.`)
    })
}

const FEW = 5

/** An executor with its last changes. */
export async function describeExecutor(client: Client, ref: string): Promise<object> {
  const params = { executor: await executorNumber(client, ref) }
  const executor = await client.executors.get({ params })
  const { items } = await client.executors.history({ params, query: { limit: FEW } })
  return { ...executor, lastChanges: items.map(({ id: _, ...event }) => event) }
}

function addRegister(executors: Command, cli: Cli): void {
  addApiOptions(executors.command('register <instance>'))
    .description('Register a push executor that does not register itself; its health checks are its heartbeats')
    .requiredOption('--app <code>', 'the app that it belongs to')
    .requiredOption('--address <url>', 'base URL at which it is called')
    .requiredOption('--health-url <url>', 'answers 2xx while it can work')
    .requiredOption('--handler <name>', 'a handler that it serves; may be repeated', collect)
    .requiredOption('--capacity <count>', 'how many instances it runs at once', wholeNumber)
    .option('--health-every <time>', 'from one health check to the next, as 30s or 2m; left out: as the server is set', interval)
    .option('--per-call <count>', 'the most that one call of it carries; left out: as many as there are', wholeNumber)
    .option('--label <key=value>', 'a label; may be repeated', collectPair)
    .option('--metadata <key=value>', 'something to show beside it; may be repeated', collectPair)
    .option('--call-token', 'read the token that is sent to it from standard input, or ask for it')
    .action(async (instance: string, options: RegisterOptions) => {
      const { app, address, healthUrl, handler: handlers, capacity, healthEvery, perCall, label: labels, metadata } = options
      const body: ExecutorCreate = {
        ...{ app, instance, address, healthUrl, handlers, capacity },
        ...(healthEvery !== undefined && { healthEveryMs: healthEvery }),
        ...(perCall !== undefined && { perCall }),
        ...(labels && { labels }),
        ...(metadata && { metadata }),
        ...(options.callToken && { callToken: await readSecret(cli, `Token of ${instance}`) }),
      }
      const made = await connect(cli, options).executors.create({ body })
      if (options.json) printJson(cli, made)
      else cli.terminal.print(`Executor ${made.instance} is registered as ${made.id}. It gets work when it has answered a check.`)
    })
}

function addRegisterXxlJob(executors: Command, cli: Cli): void {
  addApiOptions(executors.command('register-xxl-job <address>'))
    .description(
      'Register an executor of xxl-job that does not register itself. Its token, which it calls back with, is read from standard input, or asked for',
    )
    .requiredOption('--app <code>', 'the app that it belongs to')
    .option('--name <name>', 'its name; left out: its address')
    .option('--capacity <count>', 'how many instances it is given at once; left out: 1000', wholeNumber)
    .option('--health-every <time>', 'from one beat to the next, as 30s or 2m; left out: as the server is set', interval)
    .option('--label <key=value>', 'a label; may be repeated', collectPair)
    .option('--metadata <key=value>', 'something to show beside it; may be repeated', collectPair)
    .option('--maintenance <reason>', 'it gets no work until it is set online')
    .action(async (address: string, options: XxlJobOptions) => {
      const { app, name, capacity, healthEvery, label: labels, metadata, maintenance } = options
      const body: XxlJobExecutorCreate = {
        ...{ app, address, callToken: await readSecret(cli, `Token of ${address}`) },
        ...(name !== undefined && { instance: name }),
        ...(capacity !== undefined && { capacity }),
        ...(healthEvery !== undefined && { healthEveryMs: healthEvery }),
        ...(labels && { labels }),
        ...(metadata && { metadata }),
        ...(maintenance !== undefined && { maintenance }),
      }
      const made = await connect(cli, options).executors.createXxlJob({ body })
      if (options.json) printJson(cli, made)
      else cli.terminal.print(`Executor ${made.instance} is registered as ${made.id}. ${NEXT[made.status] ?? ''}`)
    })
}

const NEXT: Readonly<Record<string, string>> = {
  OFFLINE: 'It gets work when it has answered its first beat.',
  MAINTENANCE: 'It gets no work until it is set online.',
}

function addUpdate(executors: Command, cli: Cli): void {
  addApiOptions(executors.command('update').argument(...EXECUTOR))
    .description('Change an executor that was registered by hand; what is left out stays')
    .option('--address <url>', 'base URL at which it is called; at a new one it gets work when it has answered a check')
    .option('--health-url <url>', 'answers 2xx while it can work')
    .option('--handler <name>', 'a handler that it serves, instead of all before; may be repeated', collect)
    .option('--capacity <count>', 'how many instances it runs at once', wholeNumber)
    .option(
      '--health-every <time>',
      'from one health check to the next, as 30s or 2m; default: as the server is set',
      orDefault(interval),
    )
    .option('--per-call <count>', 'the most that one call of it carries; default: as many as there are', orDefault(wholeNumber))
    .option('--label <key=value>', 'a label, instead of all before; may be repeated', collectPair)
    .option('--metadata <key=value>', 'something to show beside it, instead of all before; may be repeated', collectPair)
    .option('--call-token', 'read the token that is sent to it from standard input, or ask for it')
    .option('--no-call-token', 'send it no token from now on')
    .action(async (ref: string, options: UpdateOptions) => {
      const client = connect(cli, options)
      const executor = await executorNumber(client, ref)
      const { address, healthUrl, handler: handlers, capacity, healthEvery, perCall, label: labels, metadata } = options
      const body: ExecutorUpdate = {
        ...(address !== undefined && { address }),
        ...(healthUrl !== undefined && { healthUrl }),
        ...(handlers && { handlers }),
        ...(capacity !== undefined && { capacity }),
        ...(healthEvery !== undefined && { healthEveryMs: said(healthEvery) }),
        ...(perCall !== undefined && { perCall: said(perCall) }),
        ...(labels && { labels }),
        ...(metadata && { metadata }),
        ...(options.callToken === true && { callToken: await readSecret(cli, `Token of ${ref}`) }),
        ...(options.callToken === false && { callToken: null }),
      }
      const after = await client.executors.update({ params: { executor }, body })
      if (options.json) printJson(cli, after)
      else cli.terminal.print(`Executor ${after.instance} is changed; it is ${after.status}.`)
    })
}

const EVENT_COLUMNS: readonly Column<ExecutorEvent>[] = [
  { title: 'AT', text: (event) => momentOf(event.at) },
  { title: 'WHAT', text: (event) => event.kind },
  { title: 'BECAME', text: (event) => event.value },
  { title: 'BY', text: (event) => event.setBy ?? '-' },
  { title: 'REASON', text: (event) => event.reason ?? '-' },
]

const collect = (text: string, before: string[] = []) => [...before, text]

function collectPair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It should be key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]*$/.test(text)) throw new InvalidArgumentError('It should be a whole number above 0.')
  return Number(text)
}

function interval(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('It should be a time as 30s, 2m or 1h.')
  return ms
}

/** Also the word that sets it back. Not null yet: commander takes that for nothing read. */
const orDefault =
  (read: (text: string) => number) =>
  (text: string): number | 'default' =>
    text === 'default' ? text : read(text)

/** As the API says it. */
const said = (value: number | 'default'): number | null => (value === 'default' ? null : value)
