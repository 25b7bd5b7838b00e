import { arch, release, type as systemName } from 'node:os'
import { packageVersion } from '../../events/software.ts'
import type { WorkerSurface } from '../../worker/surface.ts'
import { type Command, ok } from '../command.ts'
import { settingsOf } from '../settings.ts'

export const report: Command = {
  kind: 'inspect',
  help: 'Tells of program, machine and settings, to go with the report of a fault.',
  run: async ({ worker }) => ok(await reportOn(worker)),
}

async function reportOn(worker: WorkerSurface): Promise<string> {
  const settings = await settingsOf(worker)
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return [
    '',
    `software -> celery:${packageVersion()} (TypeScript) node:${process.versions.node}`,
    `platform -> system:${systemName()} arch:${arch()} kernel version:${release()}`,
    `settings -> transport:${worker.broker.describe().transport} results:${settings.result_backend ?? 'disabled'}`,
    '',
    ...lines,
    '',
  ].join('\n')
}
