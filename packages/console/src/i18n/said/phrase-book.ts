/**
 * Translations by the English text, with `{}` for each part that was filled in: `'No app {} in {}.': '{~1}中没有应用 {0}。'`. A part is put in as
 * it stands (`{0}`: codes, names, numbers), or in the book's own words where it has some (`{~0}`).
 */
export type Translations = Readonly<Record<string, string>>

interface Phrase {
  /** What stands around the parts. */
  readonly literals: readonly string[]
  readonly translation: string
}

/** What is longer is somebody's data. */
const LONGEST = 2_000
/** Of ways to read one text. */
const MOST_READINGS = 1_000

/** Says an English text in another language; null: the book does not know it. */
export type Lookup = (english: string) => string | null

interface Said {
  readonly text: string
  /** How many characters of it stand as they were filled in. */
  readonly left: number
}

/**
 * A book of `sentences`, which are said alone, and of `words`, which stand in their parts only. What can be read in several ways is read in
 * that which leaves least as it is: `day of month` and `32`, not `day` and `of month 32`. No text makes it throw.
 *
 * @example
 * const lookup = phraseBook({ 'There is no {} {}.': '没有{~0} {1}。' }, { task: '任务' })
 * lookup('There is no task orders.') // '没有任务 orders。'
 */
export function phraseBook(sentences: Translations, words: Translations): Lookup {
  const alone = compile(sentences)
  const within = compile({ ...words, ...sentences })
  const say = ({ exact, open }: Compiled, english: string, budget: { left: number }): Said | null => {
    const whole = exact.get(english)
    if (whole !== undefined) return { text: whole, left: 0 }
    let best: Said | null = null
    for (const { literals, translation } of open) {
      for (const parts of readings(english, literals, budget)) {
        const said = fill(translation, parts, (part) => say(within, part, budget))
        if (best === null || said.left < best.left) best = said
      }
    }
    return best
  }
  const sayAlone = (english: string) => say(alone, english, { left: MOST_READINGS })
  return (english) => {
    if (english.length > LONGEST) return null
    const whole = sayAlone(english)
    // What is wrong with one field is joined so.
    const joined = english.split('; ').map(sayAlone)
    if (!joined.every((each) => each !== null)) return whole?.text ?? null
    return whole !== null && whole.left <= sum(joined) ? whole.text : joined.map(({ text }) => text).join('; ')
  }
}

const sum = (all: readonly Said[]) => all.reduce((left, each) => left + each.left, 0)

interface Compiled {
  readonly exact: ReadonlyMap<string, string>
  /** Those that say most themselves come first. */
  readonly open: readonly Phrase[]
}

function compile(translations: Translations): Compiled {
  const entries = Object.entries(translations)
  return {
    exact: new Map(entries.filter(([english]) => !english.includes('{}'))),
    open: entries
      .filter(([english]) => english.includes('{}'))
      .map(([english, translation]) => ({ literals: english.split('{}'), translation }))
      .toSorted((a, b) => ownLength(b) - ownLength(a)),
  }
}

const ownLength = ({ literals }: Phrase) => literals.join('').length

function fill(translation: string, parts: readonly string[], say: (part: string) => Said | null): Said {
  let left = 0
  const text = translation.replace(/\{(~?)(\d)\}/g, (_, looked: string, index: string) => {
    const part = parts[Number(index)] ?? ''
    const said = (looked === '' || part === '' ? null : say(part)) ?? { text: part, left: part.length }
    left += said.left
    return said.text
  })
  return { text, left }
}

/** The parts, in each way in which a text can be read as a phrase. */
function* readings(text: string, literals: readonly string[], budget: { left: number }): Generator<readonly string[]> {
  const [head = '', ...rest] = literals
  if (!text.startsWith(head) || !text.endsWith(literals.at(-1)!)) return
  const after = text.slice(head.length)
  const [next] = rest
  if (next === undefined) {
    if (after === '') yield []
    return
  }
  const isLast = rest.length === 1
  let at = isLast ? after.length - next.length : after.indexOf(next)
  while (at >= 0) {
    if (budget.left-- <= 0) return
    for (const others of readings(after.slice(at), rest, budget)) yield [after.slice(0, at), ...others]
    at = isLast || at === after.length ? -1 : after.indexOf(next, at + 1)
  }
}
