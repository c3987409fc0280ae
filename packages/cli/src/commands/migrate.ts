import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withDatabase } from '../database.ts'
import { addNodeOptions, loadNodeConfig, type NodeOptions } from '../node-options.ts'

export function addMigrate(program: Command, cli: Cli): void {
  addNodeOptions(program.command('migrate'))
    .description('Bring the schema of the database up to date. Nodes do so by themselves when they start')
    .action(async (options: NodeOptions) => {
      const config = await loadNodeConfig(cli, options)
      const { migrate } = await import('@carillon/server')
      await withDatabase(cli.terminal, config, async ({ url, step }) => {
        const { applied, version } = await migrate(url, { log: step })
        return applied.length === 0
          ? `The schema is up to date (version ${version}).`
          : `The schema is at version ${version} now; ran ${applied.join(', ')}.`
      })
    })
}
