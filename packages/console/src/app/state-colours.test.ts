import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const css = readFileSync(fileURLToPath(new URL('./app.css', import.meta.url)), 'utf8')
const [light, dark] = css.split(":root[data-mantine-color-scheme='dark']") as [string, string]

function tokens(text: string): Map<string, string> {
  return new Map(Array.from(text.matchAll(/--(state-[a-z-]+): (#[0-9a-f]{6})/g), ([, name, colour]) => [name!, colour!]))
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

describe.each([
  ['light', tokens(light), '#ffffff'],
  ['dark', tokens(dark), '#0e1116'],
])('%s', (_, colours, page) => {
  const states = [...colours.keys()].filter((name) => !name.endsWith('-tint'))

  test.each(states)('%s can be read on the page and on its tint', (state) => {
    expect(contrast(colours.get(state)!, page)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(colours.get(state)!, colours.get(`${state}-tint`)!)).toBeGreaterThanOrEqual(4.5)
  })
})
