import { flag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { requestInfo } from '../request-info.ts'

export const active: Command = {
  kind: 'inspect',
  help: 'Lists the tasks that are being run.',
  run: ({ worker }, args) => {
    const safe = flag(args, 'safe')
    return worker.active().map((request) => requestInfo(request, worker.hostname, safe))
  },
}
