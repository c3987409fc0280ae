import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import { Id, Millis } from './executor-protocol.ts'

/**
 * The vocabulary that the resources' schemas share. Every object is strict (an unknown key is an error, not silently lost) and
 * everything is bounded.
 */
export function strict<const P extends TProperties>(properties: P, options: { description?: string } = {}) {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/** One of a table of words. */
export function choice<const T extends readonly string[]>(words: T, description?: string) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...words], ...(description ? { description } : {}) })
}

export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()])
}

/** A union of objects told apart by the word in `tag`; errors are those of the alternative that was meant. */
export function taggedUnion<const T extends readonly TObject[]>(tag: string, alternatives: T) {
  return Type.Unsafe<Static<T[number]>>({
    type: 'object',
    discriminator: { propertyName: tag },
    required: [tag],
    oneOf: [...alternatives],
  })
}

/** An object with free keys. */
export function dictionary<T extends TSchema>(key: { pattern?: string; maxLength: number }, value: T, maxProperties: number) {
  return Type.Unsafe<Record<string, Static<T>>>({
    type: 'object',
    propertyNames: { type: 'string', minLength: 1, ...key },
    additionalProperties: value,
    maxProperties,
  })
}

type Optionals<P extends TProperties> = { [K in keyof P]: ReturnType<typeof Type.Optional<P[K]>> }

/** Every property optional. */
export function optional<const P extends TProperties>(properties: P): Optionals<P> {
  const entries = Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)])
  return Object.fromEntries(entries) as Optionals<P>
}

/** Properties without some of them. */
export function without<P extends TProperties, const K extends keyof P & string>(properties: P, ...keys: K[]): Omit<P, K> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !(keys as string[]).includes(name))) as Omit<P, K>
}

/** A code holds a letter, so that it can never be taken for an identifier. */
export const Code = Type.String({
  pattern: '^(?![0-9]+$)[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$',
  description: 'Letters, digits, "_", "." and "-"; at least one is not a digit; at most 63. Unique in its tenant',
  examples: ['nightly-export'],
})

/** An identifier or a code, in paths and bodies. */
export const Ref = Type.String({
  pattern: '^([0-9]{1,16}|[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62})$',
  description: 'Identifier or code',
})

/** In bodies an identifier may also be the number that answers give. */
export const BodyRef = Type.Union([Id, Ref], { description: 'Identifier or code' })

/** An identifier in a path. */
export const IdText = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Identifier' })

export const Name = Type.String({ minLength: 1, maxLength: 200 })
export const Description = Type.String({ maxLength: 4000 })
export const Reason = Type.String({ maxLength: 500, description: 'Why; shown to whoever wonders' })
export const Text = (maxLength: number) => Type.String({ maxLength })

export const Labels = dictionary(
  { pattern: '^[a-zA-Z0-9]([a-zA-Z0-9_./-]{0,61}[a-zA-Z0-9])?$', maxLength: 63 },
  Type.String({ maxLength: 255 }),
  64,
)

/** Any JSON object; what it may hold is checked elsewhere. */
export const JsonObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })

export const Version = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'The version you have read; the write is refused when it is no longer the newest',
})

/** What every configuration object answers beside its own fields. */
export const Stamp = {
  id: Id,
  code: Type.String(),
  version: Type.Integer(),
  createdAt: Millis,
  updatedAt: Millis,
}

export const Timezone = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'IANA name',
  examples: ['Europe/Berlin', 'Asia/Shanghai'],
})

export const LabelFilter = Type.Array(Type.String({ pattern: '^[^=]{1,63}=.{0,255}$' }), {
  maxItems: 8,
  description: 'key=value; several: all must hold',
})
