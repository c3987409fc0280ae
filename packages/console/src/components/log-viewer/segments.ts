import { AnsiUp } from 'ansi_up'

/** Of a line: text, with the classes of its colours, and whether it is what was searched for. */
export interface Segment {
  readonly text: string
  readonly classes: string
  readonly hit: boolean
  /** It is a line break: a row is one line high, whatever a stack trace holds, and shows a mark there. */
  readonly breaks: boolean
}

/** Longer lines are cut where they are shown; the line's own panel and the download have them whole. */
export const MOST_SHOWN = 2_000

export function segmentsOf(text: string, q: string): readonly Segment[] {
  const coloured = text.includes('\u001b') ? colouredParts(text) : [{ text, classes: '' }]
  return marked(coloured, q).flatMap(atBreaks)
}

const BREAK = /(\r?\n)/

/** Split by a group, every second piece is what the group matched. */
const atBreaks = (piece: Omit<Segment, 'breaks'>): readonly Segment[] =>
  piece.text
    .split(BREAK)
    .map((text, place) => ({ ...piece, text, breaks: place % 2 === 1 }))
    .filter(({ text }) => text !== '')

/** What is left when the colours are gone: what is copied, and what a search finds. */
export const plainText = (text: string): string =>
  text.includes('\u001b')
    ? colouredParts(text)
        .map((part) => part.text)
        .join('')
    : text

interface Part {
  readonly text: string
  readonly classes: string
}

/** `ansi_up` answers HTML with everything escaped; only its texts and its own classes are taken from it, so a line never makes elements. */
function colouredParts(text: string): readonly Part[] {
  const ansi = new AnsiUp()
  ansi.use_classes = true
  return partsOf(ansi.ansi_to_html(text.replace(UNSHOWN, '')))
}

/**
 * What `ansi_up` would take text away with, before it sees it: both ends of a link (OSC 8), whose text stays and leads nowhere, other commands to
 * the terminal itself, such as its title, and an escape that begins nothing whole, behind which it shows nothing of the line any more.
 */
// oxlint-disable-next-line no-control-regex -- escapes are what it is about.
const UNSHOWN = /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|(?!\[[<-?]?[\d;]*[ -/]?[@-~]|\([ -~]))/g

const SPAN = /<span(?: style="[^"]*")?(?: class="([^"]*)")?>([^<]*)<\/span>|([^<]+)|<[^>]*>/g
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'" }

function partsOf(html: string): readonly Part[] {
  return [...html.matchAll(SPAN)].flatMap(([, classes, coloured, plain]) => {
    const text = (coloured ?? plain ?? '').replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity]!)
    return text === '' ? [] : [{ text, classes: classes ?? '' }]
  })
}

/** Marks what is searched for, also where it reaches over a change of colour. */
function marked(parts: readonly Part[], q: string): readonly Omit<Segment, 'breaks'>[] {
  const whole = parts.map(({ text }) => text).join('')
  const hits = q === '' ? [] : placesOf(whole.toLowerCase(), q.toLowerCase())
  let at = 0
  return parts.flatMap(({ text, classes }) => {
    const start = at
    at += text.length
    return cutAt(text, start, hits).map((piece) => ({ ...piece, classes }))
  })
}

function placesOf(text: string, q: string): readonly (readonly [number, number])[] {
  const places: [number, number][] = []
  for (let at = text.indexOf(q); at >= 0 && places.length < 100; at = text.indexOf(q, at + q.length))
    places.push([at, at + q.length])
  return places
}

function cutAt(
  text: string,
  start: number,
  hits: readonly (readonly [number, number])[],
): readonly Pick<Segment, 'text' | 'hit'>[] {
  const pieces: Pick<Segment, 'text' | 'hit'>[] = []
  let at = start
  const end = start + text.length
  const add = (to: number, hit: boolean) => {
    if (to > at) pieces.push({ text: text.slice(at - start, to - start), hit })
    at = Math.max(at, to)
  }
  for (const [from, to] of hits) {
    if (to <= at || from >= end) continue
    add(Math.max(at, from), false)
    add(Math.min(end, to), true)
  }
  add(end, false)
  return pieces
}
