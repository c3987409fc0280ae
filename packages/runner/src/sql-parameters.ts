/** A statement with places for values, as a driver takes it. */
export interface BoundStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** What is skipped when places are looked for: texts, quoted names, comments, dollar quotes (PostgreSQL), casts; then a place. */
const TOKEN =
  /'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|\/\*[\s\S]*?\*\/|(\$[A-Za-z_]*\$)[\s\S]*?\1|::|:([A-Za-z_]\w*)/g

/** The statement names a parameter that was not given. */
export class MissingParameter extends Error {
  override readonly name = 'MissingParameter'
  readonly code = 'SQL_PARAMETER'
  readonly retriable = false
}

/**
 * Makes places of the driver's kind out of `:name`, and the list of values that belong to them. Values never become part of the text.
 *
 * @example bindParameters('select :a::int, :b, :a', { a: 1, b: 'x' }, 'postgres') // { text: 'select $1::int, $2, $1', values: [1, 'x'] }
 */
export function bindParameters(
  statement: string,
  params: Readonly<Record<string, unknown>>,
  dialect: 'postgres' | 'mysql',
): BoundStatement {
  const values: unknown[] = []
  const places = new Map<string, number>()
  const text = statement.replace(TOKEN, (token: string, _quote: unknown, name: string | undefined) => {
    if (name === undefined) return token
    if (!Object.hasOwn(params, name))
      throw new MissingParameter(
        `The statement names :${name}, but the parameters are ${Object.keys(params).join(', ') || 'none'}`,
      )
    if (dialect === 'mysql') {
      values.push(params[name] ?? null)
      return '?'
    }
    const place = places.get(name) ?? values.push(params[name] ?? null)
    places.set(name, place)
    return `$${place}`
  })
  return { text, values }
}
