import { ERRORS, INSTANCE_NEXT, RUN_NEXT, type ErrorCode } from '@carillon/core'
import { EXIT_CODES, exitOf } from '../packages/cli/src/exit-codes.ts'
import type { createProgram } from '../packages/cli/src/program.ts'

type Command = ReturnType<typeof createProgram>

/** The document with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function withRegion(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [before, rest] = document.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`The document has no region ${name}.`)
  return `${before}${begin}\n\n${content}\n\n${end}${after}`
}

const MOVES: Readonly<Record<'instance' | 'run', Readonly<Record<string, readonly string[]>>>> = {
  instance: INSTANCE_NEXT,
  run: RUN_NEXT,
}
const FIRST = { instance: ['PENDING', 'WAITING'], run: ['PENDING'] }

/** A state machine as a Mermaid diagram, which GitHub draws. */
export function stateDiagram(of: 'instance' | 'run'): string {
  const moves = Object.entries(MOVES[of]).flatMap(([state, next]) =>
    next.length === 0 ? [`  ${state} --> [*]`] : next.map((to) => `  ${state} --> ${to}`),
  )
  return ['```mermaid', 'stateDiagram-v2', ...FIRST[of].map((state) => `  [*] --> ${state}`), ...moves, '```'].join('\n')
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

export function errorTable(): string {
  const rows = (Object.keys(ERRORS) as ErrorCode[]).map((code) => [
    `\`${code}\``,
    ERRORS[code].status,
    ERRORS[code].title,
    EXIT_CODES[exitOf(code)].code,
  ])
  return table(['Code', 'Status', 'Meaning', 'Exit code of the CLI'], rows)
}

export function exitCodeTable(): string {
  return table(
    ['Code', 'Meaning'],
    Object.values(EXIT_CODES).map(({ code, meaning }) => [code, meaning]),
  )
}

/** Options that say the same at every command are told once, above. */
const TOLD = new Set(['--server', '--token', '--tenant', '--json', '--help'])

export function commandReference(program: Command): string {
  return leaves(program, '')
    .map(({ path, command }) => {
      const options = command.options
        .filter(({ long }) => !TOLD.has(long!))
        .map(({ flags, description }) => `- \`${flags}\`: ${description}`)
      const usage = [
        `carillon ${path}`,
        ...command.registeredArguments.map((argument) =>
          bracket(argument.required, `${argument.name()}${argument.variadic ? '…' : ''}`),
        ),
      ]
      return [`### ${usage.join(' ')}`, '', `${command.description()}.`, ...(options.length > 0 ? ['', ...options] : [])]
        .join('\n')
        .replaceAll('<', '&lt;')
        .replace(/`[^`]*`/g, (code) => code.replaceAll('&lt;', '<'))
    })
    .join('\n\n')
}

const bracket = (required: boolean, name: string) => (required ? `<${name}>` : `[${name}]`)

function leaves(command: Command, path: string): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path, command }]
  return command.commands.flatMap((each) => leaves(each, path === '' ? each.name() : `${path} ${each.name()}`))
}
