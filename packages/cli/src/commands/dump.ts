import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withDatabase } from '../database.ts'
import { addNodeOptions, loadNodeConfig, type NodeOptions } from '../node-options.ts'

export function addDump(program: Command, cli: Cli): void {
  addNodeOptions(program.command('dump <file>'))
    .description('Write everything in the database into one file, while nodes go on working')
    .action(async (file: string, options: NodeOptions) => {
      const config = await loadNodeConfig(cli, options)
      const { dump } = await import('@carillon/server')
      await withDatabase(cli.terminal, config, async ({ url, step }) => {
        step(`Writing ${file} …`)
        const { tables, rows } = await complete(file, (draft) => dump(url, draft.createWriteStream()))
        return `${rows.toLocaleString('en')} rows of ${tables} tables are in ${file}. It holds secrets: keep it as safe as the database.`
      })
    })
}

/** A file under its name is a whole dump; an earlier one stays until the new one is complete. */
async function complete<T>(file: string, write: (draft: FileHandle) => Promise<T>): Promise<T> {
  const draft = `${file}.part`
  const handle = await open(draft, 'w', 0o600)
  try {
    const result = await write(handle)
    await rename(draft, file)
    return result
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
