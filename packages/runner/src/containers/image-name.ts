const NAME = /^[A-Za-z0-9][\w.-]*(:\d+)?(\/[A-Za-z0-9][\w.-]*)*(:\w[\w.-]{0,127})?(@[a-z0-9]+:[a-f0-9]{32,128})?$/

export interface ImageName {
  /** With registry and tag, as every engine understands it alike: `docker.io/library/alpine:3`. */
  readonly full: string
  /** As people write it: `alpine:3`. */
  readonly short: string
  readonly registry: string
  /** Its tag is `latest`, and no digest holds it. */
  readonly isLatest: boolean
}

/**
 * Reads the name of an image; null where it is none. A name without tag and digest gets `:latest`: left as it is, Docker would pull every tag.
 *
 * @example imageName('alpine').full // 'docker.io/library/alpine:latest'
 */
export function imageName(text: string): ImageName | null {
  if (!NAME.test(text)) return null
  const [first = '', ...rest] = text.split('/')
  const namesRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const registry = namesRegistry ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io'
  const path = namesRegistry ? rest.join('/') : text
  const last = path.slice(path.lastIndexOf('/') + 1)
  const tagged = /[:@]/.test(last) ? path : `${path}:latest`
  const isHub = registry === 'docker.io'
  const short = isHub ? tagged.replace(/^library\//, '') : `${registry}/${tagged}`
  const full = `${registry}/${isHub && !short.includes('/') ? `library/${short}` : tagged}`
  return { full, short, registry, isLatest: tagged.endsWith(':latest') }
}

/**
 * Whether one of the patterns fits, by the full or the short form. `*` is any text without `/`, `**` any text.
 *
 * @example imageAllowed(imageName('alpine')!, ['alpine:*', 'registry.example.com/**']) // true
 */
export function imageAllowed({ full, short }: ImageName, patterns: readonly string[]): boolean {
  return patterns.map(patternOf).some((pattern) => pattern.test(full) || pattern.test(short))
}

function patternOf(glob: string): RegExp {
  const parts = glob.split(/(\*+)/).map((part) => {
    if (part === '*') return '[^/]*'
    return part.startsWith('*') ? '.*' : part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}
