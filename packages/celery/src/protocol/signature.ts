import type { SignatureData } from './message.ts'
import { isRecord, undecodable } from './shape.ts'

/**
 * A signature that came over the wire, its outer fields checked and those that are absent filled in; the one that was
 * given when there is nothing to fill in. Signatures within (links, a chain's tasks) are for who follows them to read.
 * Throws a `ProtocolError` when it is none; `what` names it there.
 */
export function readSignature(value: unknown, what = 'A signature'): SignatureData {
  if (!isRecord(value) || typeof value.task !== 'string' || value.task === '')
    throw undecodable(`${what} is not a signature with a task's name`)
  const { args, kwargs, options, subtask_type: type, immutable } = value
  if (!isNothing(args) && !Array.isArray(args)) throw undecodable(`${what} has args that are not a list`)
  if (!isNothing(kwargs) && !isRecord(kwargs)) throw undecodable(`${what} has kwargs that are not an object`)
  if (!isNothing(options) && !isRecord(options))
    throw undecodable(`${what} has options that are not an object`)
  checkDestination(options ?? {}, what)
  if (!isNothing(type) && typeof type !== 'string')
    throw undecodable(`${what} has a subtask_type that is not a name`)
  const isComplete = args && kwargs && options && type !== undefined && typeof immutable === 'boolean'
  if (isComplete) return value as unknown as SignatureData
  return {
    ...value,
    task: value.task,
    args: args ?? [],
    kwargs: kwargs ?? {},
    options: options ?? {},
    subtask_type: type ?? null,
    immutable: Boolean(immutable),
  }
}

/** Where it is sent to: a name of another kind would be found out only once the task before it has run. */
function checkDestination(options: Record<string, unknown>, what: string): void {
  for (const name of ['queue', 'exchange', 'routing_key']) {
    if (!isNothing(options[name]) && typeof options[name] !== 'string')
      throw undecodable(`${what} has an option ${name} that is not a name`)
  }
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined
}
