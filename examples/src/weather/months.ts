import type { Day } from './dataset.ts'

/** The weather of one month at one place. */
export interface Month {
  /** `2012-01` */
  readonly month: string
  readonly days: number
  /** Of the days' middles between highest and lowest. */
  readonly tempMean: number
  readonly tempMin: number
  readonly tempMax: number
  readonly rainDays: number
  readonly precipitation: number
  readonly windMean: number
}

interface Sum {
  days: number
  temp: number
  tempMin: number
  tempMax: number
  rainDays: number
  precipitation: number
  wind: number
}

/** Sums days up month by month as they come, so that no more than the months must fit into memory. */
export class MonthlySums {
  readonly #sums = new Map<string, Sum>()

  add(day: Day): void {
    const month = day.date.slice(0, 7)
    const sum = this.#sums.get(month) ?? emptySum()
    sum.days += 1
    sum.temp += (day.tempMin + day.tempMax) / 2
    sum.tempMin = Math.min(sum.tempMin, day.tempMin)
    sum.tempMax = Math.max(sum.tempMax, day.tempMax)
    sum.rainDays += day.precipitation > 0 ? 1 : 0
    sum.precipitation += day.precipitation
    sum.wind += day.wind
    this.#sums.set(month, sum)
  }

  months(): readonly Month[] {
    return [...this.#sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([month, sum]) => monthOf(month, sum))
  }
}

function emptySum(): Sum {
  return { days: 0, temp: 0, tempMin: Infinity, tempMax: -Infinity, rainDays: 0, precipitation: 0, wind: 0 }
}

function monthOf(month: string, sum: Sum): Month {
  const { days, tempMin, tempMax, rainDays } = sum
  return {
    month,
    days,
    tempMean: rounded(sum.temp / days),
    tempMin,
    tempMax,
    rainDays,
    precipitation: rounded(sum.precipitation),
    windMean: rounded(sum.wind / days),
  }
}

const rounded = (value: number) => Math.round(value * 10) / 10
