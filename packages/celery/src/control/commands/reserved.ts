import type { Command } from '../command.ts'
import { requestInfo } from '../request-info.ts'

export const reserved: Command = {
  kind: 'inspect',
  help: 'Lists the tasks that wait in the worker for their turn.',
  run: ({ worker }) => worker.reserved().map((request) => requestInfo(request, worker.hostname)),
}
