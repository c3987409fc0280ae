import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Daily weather of Seattle and New York from 2012 to 2015, as NOAA published it: the file weather.csv of the npm package vega-datasets.

/** One day at one place: millimetres, degrees Celsius, metres a second. */
export interface Day {
  readonly location: string
  /** `2012-01-31` */
  readonly date: string
  readonly precipitation: number
  readonly tempMax: number
  readonly tempMin: number
  readonly wind: number
  readonly weather: string
}

export const LOCATIONS = ['Seattle', 'New York'] as const

export const datasetFile = (): string => fileURLToPath(new URL('../data/weather.csv', import.meta.resolve('vega-datasets')))

export function readDataset(): Day[] {
  const [head, ...lines] = readFileSync(datasetFile(), 'utf8').trimEnd().split('\n')
  if (head !== 'location,date,precipitation,temp_max,temp_min,wind,weather') {
    throw new Error(`${datasetFile()} has other columns than expected: ${head}`)
  }
  return lines.map((line) => {
    // No field of this file is quoted.
    const [location, date, precipitation, tempMax, tempMin, wind, weather] = line.split(',') as [string, ...string[]]
    return {
      location,
      date: date!,
      precipitation: Number(precipitation),
      tempMax: Number(tempMax),
      tempMin: Number(tempMin),
      wind: Number(wind),
      weather: weather!,
    }
  })
}
