import { DOCUMENT_KINDS, inDependencyOrder, type Client, type DocumentKind } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { DOCUMENT_OBJECTS } from '../documents/kinds.ts'
import { readDocuments } from '../documents/read.ts'
import { Failure } from '../failure.ts'
import { collectFile } from './apply.ts'

interface DeleteOptions extends ApiOptions {
  readonly file?: readonly string[]
}

interface Named {
  readonly kind: DocumentKind
  readonly code: string
}

const NAMES = DOCUMENT_KINDS.map((kind) => DOCUMENT_OBJECTS[kind].name)

export function addDelete(program: Command, cli: Cli): void {
  addApiOptions(program.command('delete'))
    .description('Delete one definition, or those that files name; one after the other, what uses others first')
    .argument('[kind]', `one of ${NAMES.join(', ')}`)
    .argument('[code]', 'code or identifier')
    .option('-f, --file <path>', 'the definitions in this file or folder; may be repeated', collectFile)
    .action(async (kind: string | undefined, code: string | undefined, options: DeleteOptions) => {
      const client = connect(cli, options)
      const results: (Named & { readonly deleted: boolean })[] = []
      for (const named of wanted(kind, code, options)) {
        const deleted = await remove(client, named, options.file === undefined)
        results.push({ ...named, deleted })
        if (!options.json) cli.terminal.say(`${named.kind} ${named.code} ${deleted ? 'deleted' : 'was not there'}.`)
      }
      if (options.json) printJson(cli, results)
    })
}

function wanted(name: string | undefined, code: string | undefined, { file }: DeleteOptions): Named[] {
  if (file !== undefined && name === undefined)
    return inDependencyOrder(readDocuments(file).map(({ document }) => document))
      .map((document) => ({ kind: document.kind, code: document.code }))
      .reverse()
  const kind = DOCUMENT_KINDS.find((each) => [name, `${name}s`].includes(DOCUMENT_OBJECTS[each].name))
  if (kind === undefined || code === undefined || file !== undefined)
    throw new Failure(
      'USAGE',
      'Delete what?',
      `carillon delete <kind> <code>, or carillon delete -f <path>. Kinds: ${NAMES.join(', ')}.`,
    )
  return [{ kind, code }]
}

/** Whether it was there. One that is named alone must be; of those in files some may be gone already. */
async function remove(client: Client, { kind, code }: Named, must: boolean): Promise<boolean> {
  try {
    await DOCUMENT_OBJECTS[kind].remove(client, code)
    return true
  } catch (error) {
    if (!must && error instanceof CarillonError && error.code === 'NOT_FOUND') return false
    throw error
  }
}
