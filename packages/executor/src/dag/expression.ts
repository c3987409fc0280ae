/** A text that holds an expression, computed when the node begins: `${{ nodes.extract.output.rows }}`. */
export type TemplateText = `${string}\${{${string}}}${string}`

/** A value of type T, any part of which may be computed when the node begins. */
export type Templated<T> =
  | TemplateText
  | (T extends readonly (infer E)[]
      ? readonly Templated<E>[]
      : T extends object
        ? { readonly [K in keyof T]: Templated<T[K]> }
        : T)

/** `${{ … }}` around an expression. @example expr('nodes.extract.output.rows') */
export function expr(expression: string): `\${{ ${string} }}` {
  return `\${{ ${expression} }}`
}

/** Refers to a secret of the tenant; its value is put in when the parameters are handed to an executor. */
export function secret(name: string): `\${{ ${string} }}` {
  return expr(`secrets[${JSON.stringify(name)}]`)
}
