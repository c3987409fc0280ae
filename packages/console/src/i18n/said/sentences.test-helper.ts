import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'

const packages = fileURLToPath(new URL('../../../..', import.meta.url))

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

/** Whose texts reach the console, by the beginning of their paths in `packages`. */
const SAYS = [
  'core/src/',
  'server/src/definition/',
  'server/src/http/',
  'server/src/lifecycle/',
  'server/src/live/',
  'server/src/presets/copy-template.ts',
  'server/src/runtime/coalescer.ts',
  'server/src/transport/probe.ts',
  'server/src/transport/push.ts',
  'server/src/transport/reason.ts',
  'server/src/vault/vault.ts',
]

/** Files of those whose texts do not, and why. */
export const SILENT: Readonly<Record<string, string>> = {
  'core/src/dag/diff.ts': 'the command line prints it; the console shows differences itself',
  'core/src/dag/simulation/': 'messages of simulated executors, told by the test kit',
  'server/src/gateway/': 'answered to executors of xxl-job',
  'server/src/http/console.ts': 'headers',
  'server/src/http/cors.ts': 'headers',
  'server/src/http/docs.ts': 'the page of the API documentation',
  'server/src/http/security-headers.ts': 'headers',
  'server/src/http/readiness.ts': 'asked by probes',
  'server/src/http/callback-api.ts': 'answered to those who call back',
  'server/src/http/handlers/audit.ts': 'headers',
  'server/src/lifecycle/advance-runs.ts': 'stored with the run',
  'server/src/lifecycle/begin-nodes.ts': 'stored with the run',
  'server/src/lifecycle/callbacks.ts': 'answered to executors, and stored with the attempt',
  'server/src/lifecycle/complete-instances.ts': 'stored with the attempt',
  'server/src/lifecycle/continue-runs.ts': 'stored with the run',
  'server/src/lifecycle/ended-node.ts': 'stored with the run',
  'server/src/lifecycle/fan-out.ts': 'stored with the run',
  'server/src/lifecycle/finish-runs.ts': 'stored with the run',
  'server/src/lifecycle/gone-shards.ts': 'stored with the attempt',
  'server/src/lifecycle/history-days.ts': 'a log line',
  'server/src/lifecycle/logs.ts': 'stored in logs',
  'server/src/lifecycle/report.ts': 'answered to executors, and stored with the attempt',
  'server/src/lifecycle/reserve.ts': 'answered to executors',
  'server/src/lifecycle/sessions.ts': 'answered to executors',
  'server/src/lifecycle/stop-runs.ts': 'stored with the attempt',
  'server/src/lifecycle/take-in.ts': 'answered to executors',
  'server/src/storage/': 'SQL; what it refuses, a cursor, is none that a page has made',
  'server/src/lifecycle/with-secrets.ts': 'stored with the attempt',
}

/** All that ships of `core` and `server`. */
export function sources(): readonly { path: string; text: string }[] {
  return ['core/src', 'server/src']
    .flatMap((folder) => readdirSync(packages + folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`))
    .filter((path) => path.endsWith('.ts') && !/\.(test|bench|test-helper)\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(packages + path, 'utf8') }))
}

export const isSilentPlace = (path: string): boolean => Object.keys(SILENT).some((place) => path.startsWith(place))
export const speaks = (path: string): boolean => SAYS.some((place) => path.startsWith(place)) && !isSilentPlace(path)

/** Every English text with words in it that the console may be told, with `{}` for what is filled in, and where it stands. */
export function sentencesInSources(): ReadonlyMap<string, string> {
  return new Map(
    sources()
      .filter(({ path }) => speaks(path))
      .flatMap(({ path, text }) => sentencesOf(text, path).map((sentence) => [sentence, path] as const)),
  )
}

/** Those of one file. */
export function sentencesOf(source: string, path: string): readonly string[] {
  const found: string[] = []
  collect(parseSync(path, source).program, found)
  return found.filter(hasWords)
}

/** At least two words, or one beside a space: a code, a state or a name of something has neither. What joins a list is no text. */
function hasWords(text: string): boolean {
  const said = text.replaceAll('{}', '§')
  return /[a-z]{2}/.test(said) && /\s/.test(said) && !/^ (and|or) $/.test(text)
}

/** What looks like a sentence and is none. */
function isSilent(node: Node): boolean {
  if (/^Import|^ExportAll|^TS(?!As|Satisfies|NonNull)/.test(node.type)) return true
  const callee = (node['callee'] ?? {}) as { name?: string }
  if (node.type === 'NewExpression') return /^(Error|TypeError|RegExp)$/.test(callee.name ?? '')
  if (node.type === 'CallExpression') return ['sql', 'choice', 'limit'].includes(callee.name ?? '')
  return node.type === 'Property' && (node['key'] as { name?: string }).name === 'description'
}

function collect(value: unknown, found: string[]): void {
  if (Array.isArray(value)) return value.forEach((each) => collect(each, found))
  if (typeof value !== 'object' || value === null) return
  const node = value as Node
  if (typeof node.type === 'string' && isSilent(node)) return
  const texts = textsOf(node, found)
  if (texts !== null) found.push(...texts)
  else for (const part of Object.values(node)) collect(part, found)
}

/** All that a literal or a template can come to; what its choices do not show is a hole, and looked through for texts of its own. */
function textsOf(node: Node, found: string[]): readonly string[] | null {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? [node['value']] : null
  if (node.type !== 'TemplateLiteral') return null
  const quasis = node['quasis'] as readonly { value: { cooked: string } }[]
  const expressions = node['expressions'] as readonly Node[]
  return quasis.reduce<readonly string[]>(
    (texts, { value }, index) => {
      const filled = index === 0 ? [''] : choicesOf(expressions[index - 1]!, found)
      return texts.flatMap((text) => filled.map((each) => `${text}${each}${value.cooked}`))
    },
    [''],
  )
}

function choicesOf(node: Node, found: string[]): readonly string[] {
  const texts = textsOf(node, found)
  if (texts !== null) return texts
  if (node.type === 'ConditionalExpression') {
    collect(node['test'], found)
    return [...choicesOf(node['consequent'] as Node, found), ...choicesOf(node['alternate'] as Node, found)]
  }
  if (node.type === 'LogicalExpression' && node['operator'] === '&&') return ['', ...choicesOf(node['right'] as Node, found)]
  collect(node, found)
  return ['{}']
}
