import { sendVitals } from '../../events/heartbeat.ts'
import { vitalsOf } from '../../events/vitals.ts'
import type { Command } from '../command.ts'

export const heartbeat: Command = {
  kind: 'control',
  help: 'Makes the worker send a heartbeat at once.',
  run: ({ worker, events }) => {
    sendVitals(events, 'worker-heartbeat', vitalsOf(worker))
  },
}
