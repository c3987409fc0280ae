import { setTimeout as rest } from 'node:timers/promises'
import { readEvents, type Client, type LogLevel, type LogRecord } from '@carillon/contract'
import { FINAL_INSTANCE_STATES } from '@carillon/core'
import type { Cli } from './cli.ts'
import { printable, printableJson } from './printable.ts'
import type { Style, Terminal } from './terminal.ts'

export interface LogOptions {
  readonly level?: LogLevel
  readonly json?: boolean
}

const LOOK_EVERY_MS = 500

/** Prints the log of a run as it comes, attempt after attempt, until the run has ended. A lost connection is taken up where it broke. */
export async function followLog(cli: Cli, client: Client, runId: number, options: LogOptions = {}): Promise<void> {
  const { instances } = await client.runs.get({ params: { run: runId } })
  await Promise.all(instances.map(({ id }) => followInstance(cli, client, id, options)))
}

async function followInstance(cli: Cli, client: Client, instance: number, options: LogOptions): Promise<void> {
  for (let attempt = 1; ;) {
    await tail(cli, client, { instance, attempt }, options)
    const now = await client.instances.get({ params: { instance } })
    if (now.attempt > attempt) {
      attempt += 1
      cli.terminal.say(cli.terminal.tint('dim', `── attempt ${attempt} ──`))
    } else if (FINAL_INSTANCE_STATES.includes(now.state)) return
    // The attempt has ended and the next one, if there is to be one, has not begun.
    else await rest(LOOK_EVERY_MS)
  }
}

async function tail(cli: Cli, client: Client, of: { instance: number; attempt: number }, options: LogOptions): Promise<void> {
  const { instance, attempt } = of
  const { level } = options
  for (let after = 0; ;) {
    const query = { attempt, after, ...(level === undefined ? {} : { level }) }
    for await (const { event, id, data } of readEvents(await client.instances.logTail({ params: { instance }, query }))) {
      if (event === 'end') return
      printLine(cli.terminal, JSON.parse(data) as LogRecord, options)
      after = Number(id)
    }
    await rest(LOOK_EVERY_MS)
  }
}

const STYLES: Readonly<Record<LogLevel, Style | null>> = { DEBUG: 'dim', INFO: null, WARN: 'yellow', ERROR: 'red' }

export function printLine(terminal: Terminal, line: LogRecord, { json }: LogOptions = {}): void {
  if (json) return terminal.print(printableJson(JSON.stringify(line)))
  const style = STYLES[line.level]
  const level = line.level.padEnd(5)
  const time = new Date(line.at).toISOString().slice(11, 23)
  // Escape sequences in a log must not reach the terminal of whoever reads it.
  const text = printable(line.text)
  terminal.print(`${terminal.paint('dim', time)} ${style === null ? level : terminal.paint(style, level)} ${text}`)
}
