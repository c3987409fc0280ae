/** A function of a text that remembers its last `most` answers, so that what is asked often is computed once. */
export function remember<T>(most: number, compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) known.delete(text)
    const answer = before ?? compute(text)
    // Back to the end: a Map keeps the order of insertion, so its first entry is the one not asked for the longest.
    known.set(text, answer)
    if (known.size > most) known.delete(known.keys().next().value!)
    return answer
  }
}
