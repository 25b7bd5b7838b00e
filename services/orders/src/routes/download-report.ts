import type { App } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { csvName, reportCsv } from '../reports/csv.ts'
import { findReport } from '../reports/kept-reports.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function downloadReportRoute(app: App, { database }: OrdersDeps): void {
  app.get(
    '/api/reports/:id/csv',
    {
      config: { access: staff, problems: ['report_not_found'] },
      schema: {
        tags: ['Reports'],
        operationId: 'downloadReport',
        summary: 'A report as CSV, to open in a spreadsheet',
        description: 'With a header; money is in units, such as 12.99.',
        params: idPath,
        response: { 200: { description: 'The rows', content: { 'text/csv': { schema: Type.String() } } } },
      },
    },
    async ({ params }, reply) => {
      const report = await findReport(database, params.id)
      reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${csvName(report)}"`)
      return reply.send(reportCsv(report))
    },
  )
}
