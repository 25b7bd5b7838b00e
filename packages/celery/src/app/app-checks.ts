import { readBrokerUrl } from '../brokers/open.ts'
import { bad, type Check, type Checks, checkOptions } from '../options/check.ts'
import {
  callback,
  either,
  flag,
  having,
  listOf,
  logger,
  options,
  positive,
  priority,
  text,
  timeZone,
  urlReadBy,
} from '../options/kinds.ts'
import { readResultsUrl } from '../results/open.ts'
import type { CeleryOptions, Route } from './celery-options.ts'
import { queueDeclaration } from './queue-check.ts'
import { checkLimits } from './signature-options.ts'
import { taskOptionChecks } from './task-checks.ts'

const regExp: Check = { expected: 'a regular expression', fits: (value) => value instanceof RegExp }
const route = options<Route>({ task: either(text, regExp), queue: text, priority }, ['task', 'queue'])

const appChecks: Checks<CeleryOptions> = {
  broker: either(urlReadBy(readBrokerUrl), having('a broker', 'publish', 'open')),
  results: either(urlReadBy(readResultsUrl), having('a result store', 'open', 'close')),
  defaultQueue: text,
  queues: listOf(queueDeclaration),
  routes: listOf(route),
  taskDefaults: options(taskOptionChecks),
  resultExpires: positive,
  extendedResults: flag,
  maxBodySize: positive,
  sendEvents: flag,
  timeZone,
  log: logger,
  now: callback,
  newId: callback,
}

/** @throws CeleryError `BAD_OPTION`, naming the option */
export function checkAppOptions(given: CeleryOptions): void {
  checkOptions(given, appChecks, 'createCelery')
  if (given.broker === undefined)
    throw bad('broker', 'is missing: it must be a URL or a broker', 'createCelery')
  checkLimits(given.taskDefaults ?? {}, 'createCelery', 'taskDefaults.')
  const names = (given.queues ?? []).map((queue) => queue.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw bad('queues', `must not have ${twice} twice`, 'createCelery')
}
