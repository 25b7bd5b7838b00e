import { text } from '../arguments.ts'
import type { Command } from '../command.ts'

/** What a worker that starts asks of the others (Celery's mingle). Hidden from lists, as in Python. */
export const hello: Command = {
  kind: 'inspect',
  help: 'Exchanges revoked ids and the clock with a worker that starts.',
  run: async ({ worker }, args) => {
    if (text(args, 'from_node') === worker.hostname) return undefined
    await worker.revoke(revokedIds(args.revoked), { terminate: false, signal: 'SIGTERM' })
    return { revoked: worker.revoked(), clock: worker.app.clock.forward() }
  },
}

/** A list of ids, or with Celery before 5.7 an object of which they are the names. */
export function revokedIds(revoked: unknown): string[] {
  if (typeof revoked !== 'object' || revoked === null) return []
  const ids = Array.isArray(revoked) ? revoked : Object.keys(revoked)
  return ids.filter((id) => typeof id === 'string')
}
