import { useLayoutEffect, useState, type RefObject } from 'react'

/** How high a box is inside, in pixels, however it is resized; 0 before it has been drawn. */
export function useHeight(box: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0)
  useLayoutEffect(() => {
    const measure = () => setHeight(box.current?.clientHeight ?? 0)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [box])
  return height
}
