/** A text with one of the known names in place of what is being typed. */
export interface Completion {
  /** What is put in. */
  readonly word: string
  /** The whole text with it. */
  readonly text: string
}

const TYPED = /[a-zA-Z_][\w.]*$/
const MOST = 12

/** Names that the end of an expression may be the beginning of: `outp` → `output`, `params.r` → `params.rows`. */
export function completionsOf(text: string, vocabulary: readonly string[]): readonly Completion[] {
  const typed = TYPED.exec(text)?.[0] ?? ''
  const rest = text.slice(0, text.length - typed.length)
  // After a finished value a name cannot follow.
  if (typed === '' && /[\w)\]"']\s*$/.test(rest)) return []
  const fitting = vocabulary.filter((word) => word !== typed && word.toLowerCase().startsWith(typed.toLowerCase()))
  return fitting.slice(0, MOST).map((word) => ({ word, text: rest + word }))
}

const STATES = ['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED']

/** What a condition can name: how the node before it ended, and the run's parameters. */
export function conditionWords(params: readonly string[]): readonly string[] {
  return [
    'state',
    ...STATES.map((state) => `state == "${state}"`),
    'output',
    'output.',
    'error',
    'error.code',
    'error.message',
    'params',
    ...params.map((name) => `params.${name}`),
  ]
}

/** What an expression of a node can name. */
export function nodeWords(params: readonly string[], upstream: readonly string[]): readonly string[] {
  const output = (code: string) => (code.includes('-') ? `nodes["${code}"].output` : `nodes.${code}.output`)
  return ['params', ...params.map((name) => `params.${name}`), 'run.fireAt', 'run.key', ...upstream.map(output)]
}
