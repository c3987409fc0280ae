import { useEffect, useState } from 'react'

type Core = typeof import('@carillon/core')

let loaded: Core | null = null
let loading: Promise<Core> | undefined

async function load(): Promise<Core> {
  loading ??= import('@carillon/core').then((core) => (loaded = core))
  return loading
}

/** The scheduler's own decisions (checks, expressions, differences), in the browser: the same code as in the server. Null: on its way. */
export function useCore(): Core | null {
  const [core, setCore] = useState(loaded)
  useEffect(() => {
    if (core === null) void load().then(setCore)
  }, [core])
  return core
}
