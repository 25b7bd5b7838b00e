import { flag, signalName, texts } from '../arguments.ts'
import { type Command, type CommandContext, ok } from '../command.ts'
import { markRevoked } from '../mark-revoked.ts'

export const revoke: Command = {
  kind: 'control',
  help: 'Revokes tasks by their ids; with terminate, aborts those that run too.',
  signature: '[id1 [id2 [... [idN]]]]',
  run: (context, args) =>
    revokeTasks(context, texts(args, 'task_id'), flag(args, 'terminate'), signalName(args, 'signal')),
}

export async function revokeTasks(
  { worker, inBackground }: CommandContext,
  taskIds: readonly string[],
  terminate: boolean,
  signal: string,
): Promise<{ ok: string }> {
  const ended = await worker.revoke(taskIds, { terminate, signal })
  const running = new Set([...ended, ...worker.active().map(({ message }) => message.headers.id)])
  const others = taskIds.filter((id) => !running.has(id))
  inBackground(() => markRevoked(worker.app, others))
  worker.app.options.log.info(
    { taskIds: taskIds.slice(0, 100), terminate },
    'tasks revoked by remote control',
  )
  if (!terminate) return ok(`tasks ${listed(taskIds)} flagged as revoked`)
  return ok(ended.length === 0 ? 'terminate: tasks unknown' : `terminate: ${ended.slice(0, 100).join(', ')}`)
}

/** As Python prints a set; the first hundred. */
function listed(taskIds: readonly string[]): string {
  const shown = taskIds.slice(0, 100).map((id) => `'${id}'`)
  return `{${shown.join(', ')}${taskIds.length > 100 ? ', ...' : ''}}`
}
