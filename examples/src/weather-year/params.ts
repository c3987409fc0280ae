import { LOCATIONS } from '../weather/dataset.ts'

// Each schema serves the handler and the type or DAG in the server alike, so that the server refuses what the handler could not use.

const location = { type: 'string', title: 'Place', enum: LOCATIONS } as const
const year = { type: 'integer', title: 'Year', minimum: 2012, maximum: 2015 } as const
const fail = { type: 'boolean', title: 'Let the report fail', description: 'To try “Run again” from what failed' } as const

export const WEATHER_YEAR_PARAMS = {
  type: 'object',
  properties: {
    location,
    year,
    wetFrom: { type: 'number', title: 'A month is wet from', minimum: 0, description: 'Millimetres of rain' },
    fail,
  },
  required: ['location', 'year', 'wetFrom'],
  additionalProperties: false,
} as const

export const DAYS_PARAMS = {
  type: 'object',
  properties: { location, year },
  required: ['location', 'year'],
  additionalProperties: false,
} as const

export const MONTH_PARAMS = {
  type: 'object',
  properties: { location, month: { type: 'string', title: 'Month', pattern: '^\\d{4}-(0[1-9]|1[0-2])$', examples: ['2015-01'] } },
  required: ['location', 'month'],
  additionalProperties: false,
} as const

export const SUMMARY_PARAMS = {
  type: 'object',
  properties: {
    location,
    months: {
      type: 'array',
      title: 'Months',
      minItems: 1,
      maxItems: 12,
      items: { type: 'object' },
      description: 'As they are summed up',
    },
    fail,
  },
  required: ['location', 'months'],
  additionalProperties: false,
} as const
