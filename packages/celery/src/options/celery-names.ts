import { nearest, plain } from './nearest.ts'

/** What Celery names otherwise, in small letters: what is written here, the first that begins with a known option. */
const meanings: ReadonlyMap<string, readonly string[]> = new Map([
  ['backend', ['results']],
  ['resultbackend', ['results']],
  ['brokerurl', ['broker']],
  ['tasktimelimit', ['taskDefaults: { timeLimit }']],
  ['tasksofttimelimit', ['taskDefaults: { softTimeLimit }']],
  ['taskignoreresult', ['taskDefaults: { ignoreResult }']],
  ['tasktrackstarted', ['taskDefaults: { trackStarted }']],
  ['taskdefaultratelimit', ['taskDefaults: { rateLimit }']],
  ['taskdefaultpriority', ['taskDefaults: { priority }']],
  ['tasksendsentevent', ['sendEvents']],
  ['ackslate', ["ack: 'late'", "taskDefaults: { ack: 'late' }"]],
  ['taskackslate', ["taskDefaults: { ack: 'late' }"]],
  ['acksonfailureortimeout', ['ackOnFailure']],
  ['taskacksonfailureortimeout', ['taskDefaults: { ackOnFailure }']],
  ['bind', ['run: (input, context) => ...']],
  ['autoretryfor', ['retry: { on }']],
  ['maxretries', ['retry: { max }']],
  ['defaultretrydelay', ['retry: { delay }']],
  ['retrybackoff', ['retry: { delay }']],
  ['retrybackoffmax', ['retry: { maxDelay }']],
  ['retryjitter', ['retry: { jitter }']],
  ['workersendtaskevents', ['taskEvents']],
])

/** What is meant by a name of Celery's among the `known` options; undefined for none. */
export function meantByCelery(given: string, known: readonly string[]): string | undefined {
  const name = plain(given)
  const meant = meanings.get(name)?.find((hint) => known.includes(/^\w+/.exec(hint)?.[0] ?? ''))
  // `task_default_queue` and `worker_concurrency` are settings of the whole app there.
  return meant ?? nearest(name.replace(/^(?:task|worker)/, ''), known)
}
