import { isTooDeep, storableText } from '../../storage/storable-json.ts'

/**
 * What executors of xxl-job send, in its three dialects, and what they are answered. They are many, old and not ours: what can be understood
 * is taken, and nothing is refused that does no harm.
 */
export type Understood<Value> =
  { readonly kind: 'VALUE'; readonly value: Value } | { readonly kind: 'REFUSED'; readonly message: string }

export interface Registration {
  /** Code of the app. */
  readonly app: string
  /** Where it is called, as it said it: it is also its name. */
  readonly address: string
}

/** The one answer that all dialects accept. `content` and `data` must be texts or null: an object there makes Java ask again. */
export interface Envelope {
  readonly code: number
  readonly msg: string | null
  readonly content: null
  readonly data: null
}

export const OK: Envelope = { code: 200, msg: null, content: null, data: null }
export const refusal = (msg: string): Envelope => ({ code: 500, msg, content: null, data: null })

const LONGEST_ADDRESS = 200

/** The body of `registry` and `registryRemove`, the same in all dialects. */
export function readRegistration(body: unknown): Understood<Registration> {
  const { registryGroup, registryKey, registryValue } = fieldsOf(body)
  if (![registryGroup, registryKey, registryValue].every((text) => typeof text === 'string' && text.trim() !== ''))
    return refused('Illegal Argument. A registration is an object with the texts registryGroup, registryKey and registryValue.')
  if (registryGroup !== 'EXECUTOR') return refused('registryGroup must be EXECUTOR: this server registers no admins.')
  const address = addressOf(String(registryValue).trim())
  if (address === null)
    return refused('registryValue must be the address at which the executor is called: http://host:port/path, without a user.')
  if (address.length > LONGEST_ADDRESS) return refused(`registryValue is longer than ${LONGEST_ADDRESS} characters.`)
  return { kind: 'VALUE', value: { app: storableText(String(registryKey).trim()), address } }
}

/** Some clients leave the scheme out. */
function addressOf(text: string): string | null {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (/[\0-\x20\x7f?#]/.test(address) || !URL.canParse(address)) return null
  const { protocol, username, password, port } = new URL(address)
  const isUsable = (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' && port !== '0'
  return isUsable ? address : null
}

/** How one attempt ended, as its executor says it. */
export interface Ending {
  readonly logId: number
  /** 200 success, 502 time-out, anything else a failure. */
  readonly code: number
  readonly message: string | null
}

/**
 * The body of `callback`: a bare list (A, B) or `{ callbackList }` (C), also an empty one. The time that it carries is not looked at: half of
 * the clients send their own clock. What names no log number of ours leads nowhere and is left out.
 */
export function readCallbacks(body: unknown): Understood<readonly Ending[]> {
  const list = Array.isArray(body) ? body : fieldsOf(body)['callbackList']
  if (!Array.isArray(list)) return refused('A callback is a list, or an object with the list callbackList.')
  return { kind: 'VALUE', value: list.flatMap(endingOf) }
}

function endingOf(item: unknown): Ending[] {
  const { logId, handleCode, handleMsg, executeResult } = fieldsOf(item)
  const number = integerOf(logId)
  if (number === null || number < 1) return []
  const legacy = fieldsOf(executeResult)
  return [
    {
      logId: number,
      code: integerOf(handleCode) ?? integerOf(legacy['code']) ?? NO_CODE,
      message: textOf(handleMsg ?? legacy['msg']),
    },
  ]
}

const NO_CODE = 0

function integerOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) ? (number as number) : null
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What a successful run hands on: JSON where the message is JSON (the npm clients send their results so), otherwise the text. */
export function outputOf(message: string | null): unknown {
  if (message === null || message === '') return undefined
  try {
    const value = JSON.parse(message) as unknown
    return isTooDeep(value) ? message : value
  } catch {
    return message
  }
}

/** Of anything: its fields, none where it has none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

const refused = (message: string) => ({ kind: 'REFUSED', message }) as const
