/** Signs that turn the direction of what follows: a text that has them shows something other than it says. */
const TURNING = '\\u202a-\\u202e\\u2066-\\u2069'
const TURNS = new RegExp(`[${TURNING}]`, 'g')
const BEYOND_JSON = new RegExp(`[\\x7f-\\x9f${TURNING}]`, 'g')

/**
 * What others wrote, so that it can do nothing to the terminal of whoever reads it: control characters become �, turns of direction their
 * escapes. Line ends and tabs stay.
 *
 * @example printable('a\x1b[2Jb\u202e') // 'a�[2Jb\\u202e'
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '�').replace(TURNS, escaped)
}

/** The same, of which nothing begins a new line. */
export function printableLine(text: string): string {
  return printable(text.replace(/\s+/g, ' '))
}

/** The same JSON: what `JSON.stringify` leaves as it is and a terminal would act on stands as its escape. */
export function printableJson(json: string): string {
  return json.replace(BEYOND_JSON, escaped)
}

const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
