import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { CarillonCommand } from './command.ts'
import { addApply } from './commands/apply.ts'
import { addApps } from './commands/apps.ts'
import { addBackfill } from './commands/backfill.ts'
import { addCompletion } from './commands/completion.ts'
import { addControlNodes } from './commands/control-nodes.ts'
import { addControlRuns } from './commands/control-runs.ts'
import { addDagTemplates } from './commands/dag-templates.ts'
import { addDelete } from './commands/delete.ts'
import { addDescribe } from './commands/describe.ts'
import { addDev } from './commands/dev.ts'
import { addDiff } from './commands/diff.ts'
import { addDryRun } from './commands/dry-run.ts'
import { addDump } from './commands/dump.ts'
import { addEnable } from './commands/enable.ts'
import { addEvent } from './commands/event.ts'
import { addExecutor } from './commands/executor.ts'
import { addExecutors } from './commands/executors.ts'
import { addExport } from './commands/export.ts'
import { addGet } from './commands/get.ts'
import { addImport } from './commands/import.ts'
import { addLoad } from './commands/load.ts'
import { addLogin } from './commands/login.ts'
import { addLogs } from './commands/logs.ts'
import { addMigrate } from './commands/migrate.ts'
import { addPreview } from './commands/preview.ts'
import { addPurge } from './commands/purge.ts'
import { addRelease } from './commands/release.ts'
import { addRetry } from './commands/retry.ts'
import { addRuns } from './commands/runs.ts'
import { addScheduler } from './commands/scheduler.ts'
import { addSecrets } from './commands/secrets.ts'
import { addServer } from './commands/server.ts'
import { addTenants } from './commands/tenants.ts'
import { addToken } from './commands/token.ts'
import { addTrigger } from './commands/trigger.ts'
import { addVersions } from './commands/versions.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { VERSION } from './version.ts'

/** Every command there is, in the order of the help. */
const COMMANDS: readonly ((program: Command, cli: Cli) => void)[] = [
  addDev,
  addServer,
  addExecutor,
  addMigrate,
  addDump,
  addLoad,
  addLogin,
  addTenants,
  addToken,
  addSecrets,
  addGet,
  addDescribe,
  addApply,
  addDiff,
  addDelete,
  addExport,
  addImport,
  addDagTemplates,
  addVersions,
  addRelease,
  addDryRun,
  addTrigger,
  addRuns,
  addLogs,
  addControlRuns,
  addEnable,
  addRetry,
  addControlNodes,
  addEvent,
  addBackfill,
  addPurge,
  addPreview,
  addApps,
  addExecutors,
  addScheduler,
  addCompletion,
]

export function createProgram(cli: Cli): Command {
  const program = new CarillonCommand('carillon')
    .description('Carillon (编钟): tasks that run on time, and a history that is true')
    .version(VERSION)
    .exitOverride()
    .addHelpText('after', `\nExit codes: ${exitCodes()}.`)
    .configureOutput({
      writeOut: (text) => cli.terminal.print(text.trimEnd()),
      writeErr: (text) => cli.terminal.say(text.trimEnd()),
    })
  for (const add of COMMANDS) add(program, cli)
  return program
}

function exitCodes(): string {
  return Object.values(EXIT_CODES)
    .map(({ code, meaning }) => `${code} ${meaning.split(/[,:;]/)[0]!.toLowerCase()}`)
    .join(', ')
}
