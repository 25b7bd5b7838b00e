import { bad, type Check, type Checks, checkOptions } from '../options/check.ts'
import {
  anyText,
  callback,
  date,
  flag,
  list,
  oneOf,
  options,
  positive,
  priority,
  record,
  seconds,
  text,
} from '../options/kinds.ts'
import { readRate } from '../protocol/rate.ts'
import { paramsCheck } from './params.ts'
import { checkLimits } from './signature-options.ts'
import type { AnyTaskDefinition, RejectOptions, RetryOptions, RetryPolicy, TaskOptions } from './task.ts'

const retries: Check = {
  expected: 'a whole number from 0 on, or Infinity',
  fits: (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 0),
}

const rate: Check = {
  expected: 'a rate like "10/s", "100/m" or "1000/h"',
  fits: (value) => typeof value === 'string' && readRate(value) !== undefined,
}

/** Some libraries' schemas are functions. */
const schema: Check = {
  expected: 'a schema of a library of Standard Schema, such as zod, valibot or arktype',
  fits: (value) => (typeof value === 'object' || typeof value === 'function') && Object(value)['~standard'],
}

const AsyncFunction = (async () => {}).constructor

/** The promise of an async one would always count as true. */
const predicate: Check = {
  expected: 'a function that answers true or false at once',
  fits: (value) => typeof value === 'function' && !(value instanceof AsyncFunction),
}

const retryPolicy: Checks<RetryPolicy> = {
  on: predicate,
  max: retries,
  delay: seconds,
  factor: positive,
  maxDelay: seconds,
  jitter: flag,
}

export const taskOptionChecks: Checks<TaskOptions> = {
  queue: text,
  priority,
  ignoreResult: flag,
  ack: oneOf('early', 'late'),
  ackOnFailure: flag,
  retry: options(retryPolicy),
  softTimeLimit: seconds,
  timeLimit: seconds,
  runOn: oneOf('main', 'thread'),
  rateLimit: rate,
  trackStarted: flag,
}

const taskChecks: Checks<AnyTaskDefinition> = {
  name: text,
  params: paramsCheck,
  input: schema,
  output: schema,
  run: callback,
  ...taskOptionChecks,
}

/** @throws CeleryError `BAD_OPTION`, naming the task and the option */
export function checkTask(definition: AnyTaskDefinition): void {
  const name: unknown = definition?.name
  const of = typeof name === 'string' && name !== '' ? `task ${name}` : 'a task'
  checkOptions(definition, taskChecks, of)
  if (name === undefined)
    throw bad('name', 'is missing: it is what Python and TypeScript call the task by', of)
  if (definition.run === undefined) throw bad('run', 'is missing: it must be the function of the task', of)
  checkLimits(definition, of)
}

const retryChecks: Checks<RetryOptions> = {
  countdown: seconds,
  eta: date,
  max: retries,
  // Whatever the task has caught.
  cause: { expected: 'an error', fits: () => true },
  args: list,
  kwargs: record,
}

/** Those of a task's `context.retry`. */
export function checkRetry(given: RetryOptions): void {
  checkOptions(given, retryChecks, 'context.retry')
}

const rejectChecks: Checks<RejectOptions> = { requeue: flag, reason: anyText }

/** Those of a task's `context.reject`. */
export function checkReject(given: RejectOptions): void {
  checkOptions(given, rejectChecks, 'context.reject')
}
