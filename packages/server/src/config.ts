import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import type { Static } from 'typebox'
import Value from 'typebox/value'
import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml'
import { nearest } from './config/nearest.ts'
import type { Setting } from './config/kinds.ts'
import { settings } from './config/settings.ts'

/** The settings of a node, complete and checked. */
export type Config = Resolved<typeof settings>

type Resolved<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends Setting<infer Schema, infer Default>
    ? Static<Schema> | (Default extends undefined ? undefined : never)
    : Resolved<Table[Key]>
}

export interface ConfigSources {
  /** Path of the settings file. Unless given: CARILLON_CONFIG, or `carillon.yaml` if there is one. */
  file?: string
  env?: NodeJS.ProcessEnv
  /** Settings by their key (`port`, `pools.engine`), as from the command line. They win over the environment, which wins over the file. */
  overrides?: Readonly<Record<string, unknown>>
}

/** Everything that is wrong with the settings, at once. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The settings are not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** One setting and the names people give it. */
export interface NamedSetting {
  key: string
  env: string
  setting: Setting
}

export const namedSettings: readonly NamedSetting[] = flatten(settings)

/**
 * Reads the settings from file, environment and overrides. Throws a {@link ConfigError} that lists every problem.
 *
 * @example
 * const config = loadConfig({ overrides: { port: 0 } })
 * config.pools.engine // 4
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const { env = process.env, overrides = {} } = sources
  const found = [...fromFile(sources.file ?? env.CARILLON_CONFIG), ...fromEnvironment(env), ...fromOverrides(overrides)]
  const values = new Map(namedSettings.map(({ key, setting }) => [key, setting.default]))
  const problems: string[] = []
  for (const { source, key, written } of found) {
    const outcome = accept(key, written)
    if ('problem' in outcome) problems.push(`${source}: ${outcome.problem}`)
    else values.set(key, outcome.value)
  }
  const config = nest(values) as Config
  if (problems.length === 0) problems.push(...contradictions(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** Who may reach private addresses: what `egressAllowPrivate` comes to. Behind a proxy a server listens on loopback, and yet others reach it. */
export function privateEgressOf({
  egressAllowPrivate,
  host,
  publicUrl,
}: Pick<Config, 'egressAllowPrivate' | 'host' | 'publicUrl'>): 'EVERYONE' | 'TARGETS' | 'NOBODY' {
  if (egressAllowPrivate === 'auto') {
    const called = publicUrl === undefined ? host : new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
    return isLoopback(host) && isLoopback(called) ? 'EVERYONE' : 'TARGETS'
  }
  return ({ true: 'EVERYONE', false: 'NOBODY', tenants: 'TARGETS' } as const)[`${egressAllowPrivate}`]
}

/** The base of the addresses of callbacks, without a slash at its end; null where nobody has said it. `own`: where the node listens. */
export function publicUrlOf({ publicUrl, host }: Pick<Config, 'publicUrl' | 'host'>, own: string): string | null {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '')
  return isLoopback(host) ? own : null
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function isPublicUrl(text: string): boolean {
  return /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(text) && URL.canParse(text)
}

/** The node's id: the one that is set, or else one that is made once and kept in the data folder. */
export function nodeIdOf({ nodeId, dataDir }: Pick<Config, 'nodeId' | 'dataDir'>): string {
  if (nodeId !== undefined) return nodeId
  const path = join(dataDir, 'node-id')
  if (!existsSync(path)) keepFirst(path, dataDir)
  return readFileSync(path, 'utf8').trim()
}

/** A link to a finished file: of two starts at once, the first decides, and neither reads half an id. */
function keepFirst(path: string, dataDir: string): void {
  mkdirSync(dataDir, { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${randomUUID()}\n`)
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
}

/** What somebody wrote, and where. */
interface Found {
  source: string
  key: string
  written: unknown
}

function accept(key: string, written: unknown): { value: unknown } | { problem: string } {
  const named = namedSettings.find((candidate) => candidate.key === key)
  if (named === undefined) return { problem: unknownKey(key) }
  const { read, schema, form, secret } = named.setting
  if (written === null || written === undefined) return { problem: `${key} has no value; leave it out to get the default` }
  const value = read(written)
  if (value !== undefined && Value.Check(schema, value)) return { value }
  return { problem: `${key} must be ${form}${secret ? '' : `, not ${JSON.stringify(written)}`}` }
}

function unknownKey(key: string): string {
  const near = key.startsWith(prefix) ? nearestVariable(key) : nearestKey(key)
  return `there is no setting "${key}"${near === undefined ? '' : `; did you mean "${near}"?`}`
}

/** Also finds a setting that stands in a group when it was written without that. */
function nearestKey(key: string): string | undefined {
  const keys = namedSettings.map((named) => named.key)
  return keys.find((candidate) => candidate.endsWith(`.${key}`)) ?? nearest(key, keys)
}

function nearestVariable(name: string): string | undefined {
  const variables = namedSettings.flatMap(({ env }) => (env.startsWith(prefix) ? [env.slice(prefix.length)] : []))
  const near = nearest(name.slice(prefix.length), variables)
  return near === undefined ? undefined : prefix + near
}

function fromFile(path: string | undefined): Found[] {
  const file = path ?? 'carillon.yaml'
  if (!existsSync(file)) {
    if (path !== undefined) throw new ConfigError([`${file}: there is no such file`])
    return []
  }
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines })
  if (document.errors.length > 0) throw new ConfigError(document.errors.map(({ message }) => `${file}: ${message}`))
  if (document.contents === null) return []
  if (!isMap(document.contents)) throw new ConfigError([`${file}: should hold settings such as "port: 7070"`])
  return leaves(document.contents, []).map(({ key, written, offset }) => ({
    source: `${file} line ${lines.linePos(offset).line}`,
    key,
    written,
  }))
}

/** A map below a setting's own key, or a value in the place of a group, ends here too: it is an unknown or unreadable setting. */
function leaves(map: YAMLMap, path: readonly string[]): { key: string; written: unknown; offset: number }[] {
  return map.items.flatMap((pair) => {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
    const key = [...path, name].join('.')
    const isGroup = namedSettings.some((named) => named.key.startsWith(`${key}.`))
    if (isMap(pair.value) && isGroup) return leaves(pair.value, [...path, name])
    const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0
    const written = isScalar(pair.value) ? pair.value.value : pair.value
    return [{ key, written, offset }]
  })
}

/**
 * Other parts of Carillon have variables of their own, and Kubernetes makes some up for a service called "carillon" (among them
 * CARILLON_PORT=tcp://…). So an unknown variable is refused only if it looks like a slip of the pen.
 */
function fromEnvironment(env: NodeJS.ProcessEnv): Found[] {
  return Object.entries(env).flatMap(([name, written]): Found[] => {
    if (written === undefined || written === '' || /^(tcp|udp|sctp):\/\//.test(written)) return []
    const known = namedSettings.find((named) => named.env === name)
    if (known !== undefined) return [{ source: name, key: known.key, written }]
    const isSlip = name.startsWith(prefix) && !foreignVariables.test(name) && nearestVariable(name) !== undefined
    return isSlip ? [{ source: name, key: name, written }] : []
  })
}

const prefix = 'CARILLON_'

const foreignVariables = /^CARILLON_(CONFIG$|TEST_|SERVICE_|PORT_)/

function fromOverrides(overrides: Readonly<Record<string, unknown>>): Found[] {
  return Object.entries(overrides).flatMap(([key, written]) =>
    written === undefined ? [] : [{ source: 'override', key, written }],
  )
}

/** What each setting allows by itself but not together with another. */
function contradictions(config: Config): string[] {
  const { executorHeartbeatMs, leaseMs, publicUrl } = config
  const problems: string[] = []
  if (publicUrl !== undefined && !isPublicUrl(publicUrl))
    problems.push('publicUrl must begin with http:// or https:// and have neither user, query nor fragment')
  if (leaseMs < 3 * executorHeartbeatMs)
    problems.push(
      'leaseMs must be at least three times executorHeartbeatMs, or one lost heartbeat would cost an executor its work',
    )
  return problems
}

function flatten(table: object, path: readonly string[] = []): NamedSetting[] {
  return Object.entries(table).flatMap(([name, entry]: [string, object]) => {
    const here = [...path, name]
    if (!isSetting(entry)) return flatten(entry, here)
    return [{ key: here.join('.'), env: entry.env ?? variableName(here), setting: entry }]
  })
}

function isSetting(entry: object): entry is Setting {
  return 'schema' in entry && 'read' in entry
}

/** `pools.engine` is CARILLON_POOLS_ENGINE, `leaseMs` is CARILLON_LEASE_MS. */
function variableName(path: readonly string[]): string {
  return ['carillon', ...path].map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_')
}

function nest(values: ReadonlyMap<string, unknown>): object {
  const root: Record<string, unknown> = {}
  for (const [key, value] of values) {
    const path = key.split('.')
    const parent = path.slice(0, -1).reduce((group, name) => (group[name] ??= {}) as Record<string, unknown>, root)
    parent[path.at(-1)!] = value
  }
  return deepFreeze(root)
}

function deepFreeze(value: object): object {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part as object)
  return Object.freeze(value)
}
