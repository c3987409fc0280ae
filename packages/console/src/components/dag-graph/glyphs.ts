/** An icon as the canvas draws it, in a square of 24. */
export type Glyph = Path2D

/** The icons that stand in an element (each in an element with `data-glyph`), as paths: what is drawn is what badges show. */
export function glyphsOf(element: Element): ReadonlyMap<string, Glyph> {
  return new Map(
    [...element.querySelectorAll('[data-glyph]')].map((holder) => [holder.getAttribute('data-glyph')!, pathOf(holder)]),
  )
}

function pathOf(holder: Element): Path2D {
  const path = new Path2D()
  for (const shape of holder.querySelectorAll('path, circle, rect')) {
    const of = (name: string) => Number(shape.getAttribute(name) ?? 0)
    if (shape.tagName === 'path') path.addPath(new Path2D(shape.getAttribute('d')!))
    else if (shape.tagName === 'circle') {
      path.moveTo(of('cx') + of('r'), of('cy'))
      path.arc(of('cx'), of('cy'), of('r'), 0, 2 * Math.PI)
    } else path.roundRect(of('x'), of('y'), of('width'), of('height'), of('rx'))
  }
  return path
}
