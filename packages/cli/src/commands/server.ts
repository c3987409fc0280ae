import type { Command } from 'commander'
import { pino } from 'pino'
import type { Cli } from '../cli.ts'
import { sayFirstAccess } from '../first-access.ts'
import { addListenOptions, loadNodeConfig, type NodeOptions } from '../node-options.ts'
import { stay } from '../stay.ts'

export function addServer(program: Command, cli: Cli): void {
  addListenOptions(program.command('server'))
    .description('Start one server node. Several over one DATABASE_URL work together; log lines go to standard output as JSON')
    .action(async (options: NodeOptions) => {
      const config = await loadNodeConfig(cli, options)
      const { startServer } = await import('@carillon/server')
      const log = pino({ level: config.logLevel })
      await stay(cli.terminal, async () => {
        const server = await startServer(config, { log })
        if (server.firstAccess) sayFirstAccess(cli.terminal, server.firstAccess)
        log.info({ url: server.url, nodeId: server.nodeId }, 'Listening')
        return server
      })
    })
}
