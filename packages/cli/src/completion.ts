import type { Command } from 'commander'

/** What can stand on a command line, for completion: each path of commands with the words that may follow it. */
export interface Completions {
  /** `''`, `token`, `token create` → commands, options and choices of arguments. */
  readonly words: ReadonlyMap<string, readonly string[]>
}

export function completionsOf(program: Command): Completions {
  const words = new Map<string, readonly string[]>()
  collect(program, '', words)
  return { words }
}

function collect(command: Command, path: string, words: Map<string, readonly string[]>): void {
  const subcommands = command.commands.map((each) => each.name())
  const options = command.options.flatMap(({ long }) => (long ? [long] : []))
  const choices = command.registeredArguments.flatMap(({ description }) => choicesIn(description))
  words.set(path, [...subcommands, ...choices, ...options, '--help'])
  for (const each of command.commands) collect(each, path === '' ? each.name() : `${path} ${each.name()}`, words)
}

/** An argument whose words are known says `one of a, b, c`. */
function choicesIn(description: string): readonly string[] {
  const list = /^one of (.+)$/.exec(description)?.[1]
  return list?.split(', ') ?? []
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const SCRIPTS: Readonly<Record<Shell, (completions: Completions) => string>> = { bash, zsh, fish }

/** A script that the shell sources once; it knows all words, so that completing starts no process. */
export function completionScript(shell: Shell, completions: Completions): string {
  return SCRIPTS[shell](completions)
}

/** Shell function that answers the words after the commands that were given so far: options and what follows the last command do not count. */
function wordsFunction({ words }: Completions): string {
  const cases = [...words].map(([path, following]) => `    '${path}') echo '${following.join(' ')}' ;;`)
  return `_carillon_words() {\n  case "$1" in\n${cases.join('\n')}\n  esac\n}`
}

const PATH_FUNCTION = `_carillon_path() {
  local path='' word
  for word in "$@"; do
    case "$word" in -*) break ;; esac
    [ -n "$(_carillon_words "\${path:+$path }$word")" ] || break
    path="\${path:+$path }$word"
  done
  echo "$path"
}`

function bash(completions: Completions): string {
  return `# carillon completion for bash: source <(carillon completion bash)
${wordsFunction(completions)}
${PATH_FUNCTION}
_carillon() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path
  path="$(_carillon_path "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  COMPREPLY=($(compgen -W "$(_carillon_words "$path")" -- "$current"))
}
complete -o default -F _carillon carillon`
}

function zsh(completions: Completions): string {
  return `# carillon completion for zsh: source <(carillon completion zsh)
${wordsFunction(completions)}
${PATH_FUNCTION}
_carillon() {
  local at="$(_carillon_path "\${(@)words[2,CURRENT-1]}")"
  compadd -- \${=$(_carillon_words "$at")}
}
compdef _carillon carillon`
}

function fish({ words }: Completions): string {
  const lines = [...words].flatMap(([path, following]) => {
    const given = path.split(' ').filter(Boolean)
    const seen = given.map((word) => `__fish_seen_subcommand_from ${word}`)
    const subcommands = [...words.keys()].filter(
      (other) => other !== '' && other.split(' ').length === given.length + 1 && other.startsWith(path),
    )
    const unseen =
      subcommands.length === 0
        ? []
        : [`not __fish_seen_subcommand_from ${subcommands.map((other) => other.split(' ').at(-1)).join(' ')}`]
    const condition = [...seen, ...unseen].join('; and ')
    const when = condition === '' ? '' : ` -n '${condition}'`
    return [`complete -c carillon -f${when} -a '${following.join(' ')}'`]
  })
  return ['# carillon completion for fish: carillon completion fish | source', ...lines].join('\n')
}
