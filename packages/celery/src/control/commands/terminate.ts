import { signalName, texts } from '../arguments.ts'
import type { Command } from '../command.ts'
import { revokeTasks } from './revoke.ts'

export const terminate: Command = {
  kind: 'control',
  help: 'Revokes tasks by their ids and aborts those that run.',
  signature: '<signal> [id1 [id2 [... [idN]]]]',
  run: (context, args) => revokeTasks(context, texts(args, 'task_id'), true, signalName(args, 'signal')),
}
