import type { DagDocument, TaskDocument, TaskTypeDocument } from '@carillon/contract'
import { DAYS_PARAMS, MONTH_PARAMS, SUMMARY_PARAMS, WEATHER_YEAR_PARAMS } from './params.ts'

export const DAG = 'weather-year'

const labels = { example: 'yes' }

/** A type for each handler and a task of it, and the DAG that runs them. */
export function weatherYearDocuments(app: string): readonly (TaskTypeDocument | TaskDocument | DagDocument)[] {
  return [
    ...[
      { code: 'weather-year-days', name: 'Days of a year', paramsSchema: DAYS_PARAMS },
      { code: 'weather-year-month', name: 'Month of a year', paramsSchema: MONTH_PARAMS },
      { code: 'weather-year-summary', name: 'Report of months', paramsSchema: SUMMARY_PARAMS },
    ].flatMap(({ code, name, paramsSchema }): [TaskTypeDocument, TaskDocument] => [
      {
        ...{ kind: 'TaskType', code, name, work: 'handler', app, settings: { handler: code }, paramsSchema },
        defaults: { timeoutMs: 60_000 },
      },
      { kind: 'Task', code, name, type: code, params: { location: 'Seattle' }, labels },
    ]),
    WEATHER_YEAR,
  ]
}

/** The wet months have a report of their own, if there are any; the report of the year waits for it and is written either way. */
const WEATHER_YEAR: DagDocument = {
  kind: 'Dag',
  code: DAG,
  name: 'Weather of a year',
  description: 'Sums up a year month by month, side by side, and reports it; where months were wet, these as well',
  labels,
  params: { location: 'Seattle', year: 2015, wetFrom: 150, fail: false },
  paramsSchema: WEATHER_YEAR_PARAMS,
  nodes: [
    {
      code: 'days',
      name: 'Export the days',
      task: 'weather-year-days',
      params: { location: '${{ params.location }}', year: '${{ params.year }}' },
    },
    {
      code: 'months',
      name: 'Sum up each month',
      task: 'weather-year-month',
      forEach: { items: 'nodes.days.output.months' },
      params: { location: '${{ params.location }}', month: '${{ item }}' },
    },
    {
      code: 'wet',
      name: 'Report the wet months',
      task: 'weather-year-summary',
      params: {
        location: '${{ params.location }}',
        months: '${{ nodes.months.output.filter(each, each.precipitation >= params.wetFrom) }}',
      },
    },
    {
      code: 'report',
      name: 'Report the year',
      task: 'weather-year-summary',
      triggerRule: 'NONE_FAILED',
      params: { location: '${{ params.location }}', months: '${{ nodes.months.output }}', fail: '${{ params.fail }}' },
    },
  ],
  edges: [
    { from: 'days', to: 'months' },
    { from: 'months', to: 'wet', condition: 'output.exists(each, each.precipitation >= params.wetFrom)' },
    { from: 'months', to: 'report' },
    { from: 'wet', to: 'report' },
  ],
}
