import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withDatabase } from '../database.ts'
import { addNodeOptions, loadNodeConfig, type NodeOptions } from '../node-options.ts'

export function addLoad(program: Command, cli: Cli): void {
  addNodeOptions(program.command('load <file>'))
    .description('Fill a new database from a dump: all of it or nothing. No node may work on it meanwhile')
    .action(async (file: string, options: NodeOptions) => {
      // First of all: a slip in its name should not cost the start of a database.
      const source = await open(file)
      const config = await loadNodeConfig(cli, options)
      const { load } = await import('@carillon/server')
      await withDatabase(cli.terminal, config, async ({ url, step }) => {
        step(`Loading ${file} …`)
        const { tables, rows } = await load(url, source.createReadStream(), { log: step })
        return `${rows.toLocaleString('en')} rows of ${tables} tables are in the database now.`
      })
    })
}
