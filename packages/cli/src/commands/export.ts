import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOCUMENT_KINDS, type DefinitionDocument } from '@carillon/contract'
import { secretNamesIn } from '@carillon/core'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { exportKind } from '../documents/export.ts'
import { DOCUMENT_OBJECTS } from '../documents/kinds.ts'
import { leftOut } from '../documents/left-out.ts'
import { yamlOf } from '../documents/show.ts'

interface ExportOptions extends ApiOptions {
  readonly to?: string
}

export function addExport(program: Command, cli: Cli): void {
  addApiOptions(program.command('export'))
    .description(
      'Print everything the tenant defines as YAML that can be applied; of DAGs the active version, and what is left out is told',
    )
    .option('--to <folder>', 'one file for each definition in this folder, instead of printing them')
    .action(async (options: ExportOptions) => {
      const client = connect(cli, options)
      const documents: DefinitionDocument[] = []
      for (const kind of DOCUMENT_KINDS) documents.push(...(await exportKind(client, kind)))
      if (options.to !== undefined) {
        for (const document of documents) write(options.to, document)
        cli.terminal.say(`${documents.length} definitions in ${options.to}.`)
      } else if (options.json) printJson(cli, documents)
      else if (documents.length > 0) cli.terminal.print(`${secretsComment(documents)}${yamlOf(documents).trimEnd()}`)
      for (const line of await leftOut(client)) cli.terminal.say(line)
    })
}

/** A definition names a secret and never holds its value, so whoever applies it elsewhere has to store that first. */
function secretsComment(documents: readonly DefinitionDocument[]): string {
  const names = secretNamesIn(documents).toSorted()
  return names.length === 0 ? '' : `# Refers to the secrets: ${names.join(', ')}\n`
}

/** `tasks/load.yaml` */
function write(folder: string, document: DefinitionDocument): void {
  const inside = join(folder, DOCUMENT_OBJECTS[document.kind].name)
  mkdirSync(inside, { recursive: true })
  writeFileSync(join(inside, `${document.code}.yaml`), `${secretsComment([document])}${yamlOf([document])}`)
}
