/** Where a JSON text holds an integer that a JavaScript number cannot: read, it would silently become another one. */
export interface UnsafeInteger {
  /** JSON Pointer into the value */
  readonly path: string
  /** As it is written */
  readonly text: string
}

/**
 * The first integer of a valid JSON text that lies beyond ±(2^53 - 1); null when there is none. What is written as a decimal fraction or
 * with an exponent is a floating-point number by intention.
 *
 * @example findUnsafeInteger('{"id": [9007199254740993]}') // { path: '/id/0', text: '9007199254740993' }
 */
export function findUnsafeInteger(json: string): UnsafeInteger | null {
  // Nearly every text is done with here.
  if (!/\d{16}/.test(json)) return null
  const places: Place[] = []
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]!
    const place = places.at(-1)
    if (sign === '"') {
      const end = endOfString(json, at)
      if (place && place.key === null) place.key = JSON.parse(json.slice(at, end)) as string
      at = end - 1
    } else if (sign === '{') places.push({ key: null })
    else if (sign === '[') places.push({ key: 0 })
    else if (sign === '}' || sign === ']') places.pop()
    else if (sign === ',' && place) place.key = typeof place.key === 'number' ? place.key + 1 : null
    else if (sign === '-' || isDigit(sign)) {
      const text = numberAt(json, at)
      if (/^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text))) return { path: pathOf(places), text }
      at += text.length - 1
    }
  }
  return null
}

/** What is wrong with it and what to do, for people. */
export function unsafeIntegerMessage({ text }: UnsafeInteger): string {
  return `is ${text}, an integer beyond ±${Number.MAX_SAFE_INTEGER}, which would be rounded; write it as a string: "${text}"`
}

/** Inside an object or a list: its key, null where the next text is one, or the index. */
interface Place {
  key: string | number | null
}

const pathOf = (places: readonly Place[]) =>
  places.map(({ key }) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

const isDigit = (sign: string | undefined) => sign !== undefined && sign >= '0' && sign <= '9'

function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

function numberAt(json: string, start: number): string {
  let end = start + 1
  while (end < json.length && /[\d.eE+-]/.test(json[end]!)) end++
  return json.slice(start, end)
}
