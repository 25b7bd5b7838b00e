import type { RequestInfo } from '../../worker/surface.ts'
import { texts } from '../arguments.ts'
import type { Command } from '../command.ts'
import { requestInfo } from '../request-info.ts'

export const queryTask: Command = {
  kind: 'inspect',
  help: 'Tells of tasks by their ids, as far as they are in the worker.',
  signature: '[id1 [id2 [... [idN]]]]',
  run: ({ worker }, args) => {
    const wanted = new Set(texts(args, 'ids'))
    const found: Record<string, [state: string, info: unknown]> = {}
    const look = (state: string, requests: readonly RequestInfo[]) => {
      for (const request of requests) {
        const { id } = request.message.headers
        if (wanted.has(id)) found[id] = [state, requestInfo(request, worker.hostname)]
      }
    }
    look(
      'scheduled',
      worker.scheduled().map(({ request }) => request),
    )
    look('reserved', worker.reserved())
    look('active', worker.active())
    return found
  },
}
