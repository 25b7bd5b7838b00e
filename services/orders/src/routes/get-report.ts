import type { App } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { findReport } from '../reports/kept-reports.ts'
import { KeptReport } from '../reports/schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function getReportRoute(app: App, { database }: OrdersDeps): void {
  app.get(
    '/api/reports/:id',
    {
      config: { access: staff, problems: ['report_not_found'] },
      schema: {
        tags: ['Reports'],
        operationId: 'getReport',
        summary: 'A report with its rows',
        params: idPath,
        response: { 200: KeptReport },
      },
    },
    ({ params }) => findReport(database, params.id),
  )
}
