import type { CeleryOptions } from './celery.ts'
import { bad } from './signature-options.ts'

const known: { [Name in keyof Required<CeleryOptions>]: true } = {
  broker: true,
  results: true,
  defaultQueue: true,
  queues: true,
  routes: true,
  taskDefaults: true,
  resultExpires: true,
  extendedResults: true,
  maxBodySize: true,
  sendEvents: true,
  timeZone: true,
  log: true,
  now: true,
  newId: true,
}

/** @throws CeleryError `BAD_OPTION`, naming the option */
export function checkAppOptions(options: CeleryOptions): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) {
      throw bad(name, `is no option of an app: those are ${Object.keys(known).join(', ')}`)
    }
  }
  if (!options.broker) throw bad('broker', 'must be a URL or a broker')
  if (options.defaultQueue === '') throw bad('defaultQueue', 'must be the name of a queue')
  checkPositive('resultExpires', options.resultExpires)
  checkPositive('maxBodySize', options.maxBodySize)
  checkTimeZone(options.timeZone)
  for (const route of options.routes ?? []) {
    if (!route.task || !route.queue) throw bad('routes', 'must each name a task and a queue')
  }
  const names = (options.queues ?? []).map((queue) => queue.name)
  const twice = names.find((name, index) => !name || names.indexOf(name) !== index)
  if (twice !== undefined) throw bad('queues', 'must each have a name of its own')
}

function checkPositive(option: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isFinite(value) && value > 0)) throw bad(option, 'must be more than 0')
}

function checkTimeZone(timeZone: string | undefined): void {
  if (timeZone === undefined) return
  try {
    new Intl.DateTimeFormat('en-US', { timeZone })
  } catch {
    throw bad('timeZone', 'must be a name like Europe/Paris')
  }
}
