import type { DefinitionDocument } from '@carillon/contract'

/** As in examples/presets/report.yaml, which a test holds to it. */
export const REPORT: readonly DefinitionDocument[] = [
  {
    kind: 'Task',
    code: 'report.query',
    type: 'platform.sql',
    params: {
      source: '${{ secrets.report-database }}',
      statement:
        'select region, product, amount::float8 as amount from sales where day = cast(:day as date) order by region, product',
    },
  },
  {
    kind: 'Task',
    code: 'report.compute',
    type: 'platform.script',
    params: {
      language: 'python',
      code: "import json, os\nrows = json.load(open(os.environ['CARILLON_PARAMS']))['rows']\nsums = {}\nfor row in rows:\n    sums[row['region']] = sums.get(row['region'], 0) + row['amount']\nprint(len(rows), 'sales in', len(sums), 'regions')\nregions = [{'name': name, 'amount': round(amount, 2)} for name, amount in sorted(sums.items())]\ntotal = round(sum(sums.values()), 2)\njson.dump({'sales': len(rows), 'total': total, 'regions': regions}, open(os.environ['CARILLON_OUTPUT'], 'w'))\n",
    },
  },
  {
    kind: 'Task',
    code: 'report.render',
    type: 'platform.report',
    params: {
      format: 'html',
      template:
        '<h1>Sales of {{day}}</h1>\n<table>\n{{#summary.regions}}<tr><td>{{name}}</td><td>{{amount}}</td></tr>\n{{/summary.regions}}<tr><th>Total</th><th>{{summary.total}}</th></tr>\n</table>\n',
      data: {},
    },
  },
  {
    kind: 'Task',
    code: 'report.mail',
    type: 'platform.email',
    params: {
      smtp: '${{ secrets.report-smtp }}',
      from: 'reports@shop.test',
      to: ['sales@shop.test'],
      subject: 'Sales of {{day}}',
      text: '{{summary.sales}} sales, {{summary.total}} in all. The report is attached.\n',
    },
  },
  {
    kind: 'Task',
    code: 'report.announce',
    type: 'platform.webhook',
    params: {
      to: ['http://127.0.0.1:9/reports'],
      body: {},
    },
  },
  {
    kind: 'Dag',
    code: 'report.daily',
    name: 'Daily sales report',
    params: {
      day: '2026-11-20',
      webhook: 'http://127.0.0.1:9/reports',
    },
    nodes: [
      {
        code: 'query',
        task: 'report.query',
        params: {
          params: {
            day: '${{ params.day }}',
          },
        },
      },
      {
        code: 'compute',
        task: 'report.compute',
        params: {
          params: {
            rows: '${{ nodes.query.output.rows }}',
          },
        },
      },
      {
        code: 'render',
        task: 'report.render',
        params: {
          data: {
            day: '${{ params.day }}',
            summary: '${{ nodes.compute.output }}',
          },
          file: 'sales/${{ params.day }}.html',
        },
      },
      {
        code: 'mail',
        task: 'report.mail',
        params: {
          data: {
            day: '${{ params.day }}',
            summary: '${{ nodes.compute.output }}',
          },
          attachments: [
            {
              name: 'sales-${{ params.day }}.html',
              content: '${{ nodes.render.output.text }}',
            },
          ],
        },
      },
      {
        code: 'announce',
        task: 'report.announce',
        params: {
          to: ['${{ params.webhook }}'],
          body: {
            day: '${{ params.day }}',
            total: '${{ nodes.compute.output.total }}',
            file: '${{ nodes.render.output.file }}',
          },
        },
      },
    ],
    edges: [
      {
        from: 'query',
        to: 'compute',
      },
      {
        from: 'compute',
        to: 'render',
      },
      {
        from: 'render',
        to: 'mail',
      },
      {
        from: 'render',
        to: 'announce',
      },
    ],
  },
]
