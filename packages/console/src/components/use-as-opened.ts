import { useState } from 'react'

/**
 * The object that a form began from. The page beneath goes on showing what others make of it; a form that based what it sends on that would
 * overwrite it without a word.
 */
export function useAsOpened<T>(object: T): T {
  const [opened] = useState(object)
  return opened
}
