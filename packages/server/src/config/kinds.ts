import Type, { type Static, type TSchema } from 'typebox'

/** One setting: its type, how people write it, its default. */
export interface Setting<Schema extends TSchema = TSchema, Default = unknown> {
  schema: Schema
  /** `undefined`: unset unless somebody sets it. */
  default: Default
  description: string
  /** What a value looks like, for the documentation and for error messages. */
  form: string
  /** Turns what a person wrote (text, or a YAML scalar) into what the schema checks; `undefined` if it is no such thing at all. */
  read: (written: unknown) => unknown
  /** Writes a value as a person would. */
  show: (value: unknown) => string
  /** Environment variable, where it is not the one that follows from the name. */
  env?: string
  /** Never shown in an error message. */
  secret?: true
}

type Kind<Schema extends TSchema> = Pick<Setting<Schema>, 'schema' | 'form' | 'read' | 'show'>

export function setting<Schema extends TSchema>(
  kind: Kind<Schema>,
  fallback: Static<Schema>,
  description: string,
): Setting<Schema, Static<Schema>> {
  return { ...kind, default: fallback, description }
}

/** A setting that has no default. */
export function optional<Schema extends TSchema>(
  kind: Kind<Schema>,
  description: string,
  more: Pick<Setting, 'env' | 'secret'> = {},
): Setting<Schema, undefined> {
  return { ...kind, ...more, default: undefined, description }
}

export function text(form = 'text'): Kind<Type.TString> {
  return {
    schema: Type.String({ minLength: 1 }),
    form,
    read: (written) => (isScalar(written) ? String(written) : undefined),
    show: String,
  }
}

export function integer(minimum: number, maximum: number): Kind<Type.TInteger> {
  const schema = Type.Integer({ minimum, maximum })
  return { schema, form: `integer, ${minimum} to ${maximum}`, read: (written) => measure(written, {}), show: String }
}

/** Milliseconds; written `250ms`, `30s`, `5m`, `24h`, `7d`, or as a bare number of milliseconds. */
export function duration(minimum: number, maximum: number): Kind<Type.TInteger> {
  return measured(durations, minimum, maximum, 'duration')
}

/** Bytes; written `64kb`, `5mb`, or as a bare number of bytes. A kb is 1024 bytes. */
export function bytes(minimum: number, maximum: number): Kind<Type.TInteger> {
  return measured(sizes, minimum, maximum, 'size')
}

/** Days, as whole numbers; `90d` is 90. */
export function days(minimum: number, maximum: number): Kind<Type.TInteger> {
  return { ...measured({ d: 1 }, minimum, maximum, 'days'), show: (value) => `${String(value)}d` }
}

export function flag(): Kind<Type.TBoolean> {
  const read = (written: unknown): unknown => (typeof written === 'string' ? { true: true, false: false }[written] : written)
  return { schema: Type.Boolean(), form: '`true` or `false`', read, show: String }
}

export function choice<const Value extends string | boolean>(values: readonly Value[]): Kind<Type.TUnsafe<Value>> {
  const schema = Type.Unsafe<Value>(Type.Union(values.map((value) => Type.Literal(value))))
  const form = values.map((value) => `\`${value}\``).join(', ')
  return { schema, form, read: (written) => values.find((value) => String(value) === String(written)), show: String }
}

const durations = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const sizes = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }

function measured(units: Record<string, number>, minimum: number, maximum: number, noun: string): Kind<Type.TInteger> {
  const show = (value: unknown): string => inUnits(Number(value), units)
  const form = `${noun}, ${show(minimum)} to ${show(maximum)}`
  return { schema: Type.Integer({ minimum, maximum }), form, read: (written) => measure(written, units), show }
}

function measure(written: unknown, units: Record<string, number>): number | undefined {
  if (typeof written === 'number') return written
  if (typeof written !== 'string') return undefined
  const [, number, unit = ''] = /^\s*(-?\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(written) ?? []
  const factor = unit === '' ? 1 : Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

/** In the largest unit that divides it. */
function inUnits(value: number, units: Record<string, number>): string {
  const [name, factor] =
    Object.entries(units).findLast(([, factor]) => value !== 0 && value % factor === 0) ?? Object.entries(units)[0]!
  return `${value / factor}${name}`
}

function isScalar(written: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof written)
}
