import type { Day } from './dataset.ts'
import type { Month } from './months.ts'

export const DAILY_HEAD = 'date,precipitation,temp_max,temp_min,wind,weather\n'

export function dailyLine({ date, precipitation, tempMax, tempMin, wind, weather }: Day): string {
  return `${[date, precipitation, tempMax, tempMin, wind, weather].join(',')}\n`
}

const COLUMNS: readonly { readonly name: string; readonly title: string; readonly value: (month: Month) => string | number }[] = [
  { name: 'month', title: 'Month', value: (month) => month.month },
  { name: 'days', title: 'Days', value: (month) => month.days },
  { name: 'temp_mean', title: 'Mean °C', value: (month) => month.tempMean },
  { name: 'temp_min', title: 'Lowest °C', value: (month) => month.tempMin },
  { name: 'temp_max', title: 'Highest °C', value: (month) => month.tempMax },
  { name: 'rain_days', title: 'Rain days', value: (month) => month.rainDays },
  { name: 'precipitation', title: 'Rain mm', value: (month) => month.precipitation },
  { name: 'wind_mean', title: 'Wind m/s', value: (month) => month.windMean },
]

export function monthlyCsv(months: readonly Month[]): string {
  const lines = [COLUMNS.map(({ name }) => name), ...months.map((month) => COLUMNS.map(({ value }) => value(month)))]
  return lines.map((cells) => `${cells.join(',')}\n`).join('')
}

export function report(location: string, months: readonly Month[]): string {
  const [first, last] = [months[0]!.month, months.at(-1)!.month]
  const wettest = months.reduce((most, month) => (month.precipitation > most.precipitation ? month : most))
  const warmest = months.reduce((most, month) => (month.tempMean > most.tempMean ? month : most))
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`
  return [
    `# Weather of ${location}, ${first} to ${last}\n\n`,
    `- Wettest month: ${wettest.month} with ${wettest.precipitation} mm on ${wettest.rainDays} days.\n`,
    `- Warmest month: ${warmest.month} with ${warmest.tempMean} °C on average and ${warmest.tempMax} °C at most.\n\n`,
    row(COLUMNS.map(({ title }) => title)),
    row(COLUMNS.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...months.map((month) => row(COLUMNS.map(({ value }) => value(month)))),
    '\nSource: NOAA, by way of the npm package vega-datasets (weather.csv).\n',
  ].join('')
}
