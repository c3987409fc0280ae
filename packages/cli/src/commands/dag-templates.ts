import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { differencesText, summaryOf } from '../documents/show.ts'

interface CopyOptions extends ApiOptions {
  readonly name?: string
}

/** `carillon get dag-templates` lists them; here one becomes a DAG. */
export function addDagTemplates(program: Command, cli: Cli): void {
  const templates = program.command('dag-templates').description('Make DAGs of the templates that the platform offers')
  addApiOptions(templates.command('copy'))
    .description(
      'Make the DAG of a template, with its tasks; get dag-templates lists what there is, and the secrets that must be there',
    )
    .argument('<template>', 'its code, such as platform.report')
    .argument('<code>', 'of the new DAG; the codes of its tasks begin with it')
    .option('--name <text>', 'of the new DAG, for people')
    .action(async (template: string, code: string, { name, ...options }: CopyOptions) => {
      const body = { code, ...(name === undefined ? {} : { name }) }
      const { items } = await connect(cli, options).dagTemplates.copy({ params: { template }, body })
      if (options.json) return printJson(cli, items)
      cli.terminal.print(differencesText(cli.terminal, items))
      cli.terminal.say(`${summaryOf(items)}.`)
    })
}
