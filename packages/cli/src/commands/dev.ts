import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Config, RunningServer } from '@carillon/server'
import type { Command } from 'commander'
import { pino, type Logger } from 'pino'
import { keepAccess, localAccessFile, readAccess } from '../access.ts'
import type { Cli } from '../cli.ts'
import { CALL } from '../command.ts'
import { startExamples } from '../examples.ts'
import { sayFirstAccess } from '../first-access.ts'
import { addListenOptions, loadNodeConfig, type NodeOptions } from '../node-options.ts'
import { startProgress } from '../progress.ts'
import { stay, type Staying } from '../stay.ts'
import type { Terminal } from '../terminal.ts'

interface DevOptions extends NodeOptions {
  readonly examples: boolean
}

export function addDev(program: Command, cli: Cli): void {
  addListenOptions(program.command('dev'))
    .description('Start everything on this machine: a node with a PostgreSQL of its own, and the example executor')
    .option('--no-examples', 'without the example executor')
    .action(async (options: DevOptions) => {
      const config = await loadNodeConfig(cli, options)
      await stay(cli.terminal, () => startAll(cli, config, options))
    })
}

async function startAll(cli: Cli, config: Config, options: DevOptions): Promise<Staying> {
  const { terminal } = cli
  const log = fileLog(terminal, config)
  await keepMasterKey(config)
  const server = await startNode(terminal, config, log)
  // Said before anything else can fail: nobody else knows it.
  if (server.firstAccess) sayFirstAccess(terminal, server.firstAccess)
  const token = keepAccessOf(server, config)
  // Who reads this finds the access already kept.
  terminal.say(
    `${terminal.tint('green', '●')} Carillon runs at ${terminal.tint('bold', server.url)} – open it in a browser: that is the console`,
  )
  sayWhere(terminal, config)
  const examples = options.examples ? startExamples({ terminal, server, token, dataDir: config.dataDir }) : null
  return {
    databaseLost: server.databaseLost,
    // The executor leaves first: it still has results to report.
    stop: async () => {
      await examples?.stop()
      await server.stop()
      terminal.say('Stopped. Your data is kept; start again to go on.')
    },
  }
}

/** Who only tries it out can store secrets at once. The key lies beside the database, so it protects dumps and backups, not this folder. */
async function keepMasterKey({ secrets, dataDir }: Config): Promise<void> {
  if (secrets.key !== undefined || secrets.keyFile !== undefined) return
  const { keepGeneratedKey } = await import('@carillon/server')
  keepGeneratedKey(dataDir)
}

async function startNode(terminal: Terminal, config: Config, log: Logger): Promise<RunningServer> {
  const progress = startProgress(terminal)
  progress.step('Starting Carillon …')
  try {
    const { startServer } = await import('@carillon/server')
    return await startServer(config, { log, progress: (line) => progress.step(line) })
  } finally {
    progress.end()
  }
}

/** The address may have changed since the last start; the token was given once and stays. */
function keepAccessOf(server: RunningServer, { dataDir }: Config): string | undefined {
  const file = localAccessFile(dataDir)
  const token = server.firstAccess?.token ?? readAccess(file)?.token
  keepAccess(file, { server: server.url, ...(token === undefined ? {} : { token }) })
  return token
}

/** A terminal is for people: the node's log goes to a file, and what is amiss is said here as well. */
function fileLog(terminal: Terminal, config: Config): Logger {
  mkdirSync(config.dataDir, { recursive: true })
  // Written at once: a start that fails ends the process before a file opened later would be there.
  const file = pino.destination({ dest: join(config.dataDir, 'server.log'), sync: true })
  const warnings = {
    write(line: string) {
      const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } }
      terminal.say(`${terminal.tint('yellow', 'warning:')} ${[msg, err?.message].filter(Boolean).join(': ')}`)
    },
  }
  const streams = [
    { level: config.logLevel === 'silent' ? 'fatal' : config.logLevel, stream: file },
    { level: 'warn', stream: warnings },
  ] as const
  return pino({ level: config.logLevel }, pino.multistream([...streams]))
}

function sayWhere(terminal: Terminal, { dataDir }: Config): void {
  const folder = relative('.', dataDir) || '.'
  terminal.say(`  data in ${folder}, log in ${join(folder, 'server.log')}; Ctrl-C stops it`)
  terminal.say(`  in another terminal: ${CALL} runs`)
}
