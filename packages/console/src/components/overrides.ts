/** A change of values that stand over inherited ones: what was taken out is null, and so goes back to what it inherits. */
export function overridesPatch<T extends object>(before: object, wanted: T): T {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(wanted, key))
  return { ...wanted, ...Object.fromEntries(gone.map((key) => [key, null])) }
}
