import { type App, day, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { listReports } from '../reports/kept-reports.ts'
import { ReportName, ReportSummary } from '../reports/schemas.ts'
import { staff } from './shared/access.ts'

export function listReportsRoute(app: App, { database }: OrdersDeps): void {
  app.get(
    '/api/reports',
    {
      config: { access: staff, problems: ['invalid_cursor'] },
      schema: {
        tags: ['Reports'],
        operationId: 'listReports',
        summary: 'Reports that were made at night or by hand, the newest first',
        querystring: Type.Object({
          name: Type.Optional(ReportName),
          day: Type.Optional(day({ description: 'Only those about this day' })),
          ...pageQuery.properties,
        }),
        response: { 200: page(ReportSummary) },
      },
    },
    ({ query }) => listReports(database, query),
  )
}
