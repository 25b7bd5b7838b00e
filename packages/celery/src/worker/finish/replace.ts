import { runAsTask } from '../../app/current-task.ts'
import { replaceTask } from '../../canvas/replace.ts'
import type { SignatureData } from '../../protocol/message.ts'
import { persistentApp } from '../persistent-app.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { ended } from './ended.ts'
import { acknowledge } from './settle.ts'

/** Another task takes this one's place, with its id and all that was to follow it: its result is this one's. */
export async function replace(
  runtime: Runtime,
  request: TaskRequest,
  signature: SignatureData,
): Promise<void> {
  const { message, context } = request
  const app = persistentApp(runtime, 'sending a replacement', request.id)
  const send = () => replaceTask(app, message, signature)
  await (context ? runAsTask(context, send) : send())
  ended(runtime, request, 'REPLACED')
  await acknowledge(runtime, request)
}
