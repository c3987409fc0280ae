import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { Config } from '@carillon/server'
import type { Cli } from './cli.ts'

export interface NodeOptions {
  readonly config?: string
  readonly port?: string
  readonly host?: string
  readonly dataDir?: string
  readonly set?: Readonly<Record<string, string>>
}

/** The options by which the commands that start a node, or work on its database, take settings. They win over environment and file. */
export function addNodeOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings file (default: carillon.yaml, if there is one)')
    .option('--data-dir <folder>', 'folder of the embedded database and of what this node keeps (CARILLON_DATA_DIR)')
    .option('--set <key=value>', 'any setting by its key, as in carillon.yaml; may be repeated', collectSetting)
}

export function addListenOptions(command: Command): Command {
  return addNodeOptions(command)
    .option('--port <port>', 'port to listen on; 0 takes any free one (CARILLON_PORT)')
    .option('--host <address>', 'address to listen on (CARILLON_HOST)')
}

function collectSetting(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It should be key=value, as in --set leaseMs=1m.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Loads the settings. The server package is large, so it is loaded only by commands that come here. */
export async function loadNodeConfig({ env }: Cli, options: NodeOptions): Promise<Config> {
  const { loadConfig } = await import('@carillon/server')
  const { config: file, port, host, dataDir, set } = options
  return loadConfig({ ...(file === undefined ? {} : { file }), env, overrides: { ...set, port, host, dataDir } })
}
