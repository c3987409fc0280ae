import { useRef, useState, type UIEvent } from 'react'
import { ROW_PX } from './rows-in-sight.ts'
import { useHeight } from './use-height.ts'

/** Where a box is scrolled to, in steps of some rows: not every pixel is another list. */
export function useScrolled() {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const height = useHeight(box)
  const step = 4 * ROW_PX
  const onScroll = ({ currentTarget }: UIEvent) => setTop(Math.floor(currentTarget.scrollTop / step) * step)
  return { box, top, height, onScroll }
}
