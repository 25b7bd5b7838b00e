import { CeleryError } from '../../errors.ts'
import { pythonRepr } from '../../protocol/repr.ts'
import { flag, maxItems, signalName } from '../arguments.ts'
import { type Command, ok } from '../command.ts'

export const revokeByStampedHeaders: Command = {
  kind: 'control',
  help: 'Revokes the tasks that are stamped with a value; with terminate, aborts those that run too.',
  signature: '[key1=value1 [key2=value2 [... [keyN=valueN]]]]',
  run: async ({ worker }, args) => {
    const headers = stampsOf(args.headers)
    const terminate = flag(args, 'terminate')
    const ended = await worker.revokeByHeaders(headers, { terminate, signal: signalName(args, 'signal') })
    const shown = pythonRepr(headers)
    if (!terminate) return ok(`headers ${shown} flagged as revoked, but not terminated`)
    return ok(ended.length === 0 ? `headers ${shown} were not terminated` : `headers ${shown} revoked`)
  },
}

/** `{ header: value or values }`, or a list of `header=value`. */
function stampsOf(given: unknown): Record<string, string[]> {
  if (typeof given !== 'object' || given === null)
    throw new CeleryError('BAD_ARGUMENTS', 'headers must be an object or a list of header=value')
  const pairs = Array.isArray(given) ? given.map(splitPair) : Object.entries(given)
  const stamps: Record<string, string[]> = Object.create(null)
  let count = 0
  for (const [header, values] of pairs) {
    const list: unknown[] = Array.isArray(values) ? values : [values]
    count += list.length
    if (count > maxItems)
      throw new CeleryError('BAD_ARGUMENTS', `headers must hold at most ${maxItems} values`)
    const known = stamps[header] ?? []
    for (const value of list) known.push(String(value))
    stamps[header] = known
  }
  return { ...stamps }
}

function splitPair(pair: unknown): [header: string, value: string] {
  const [header, value] = String(pair).split('=')
  if (!header || value === undefined)
    throw new CeleryError('BAD_ARGUMENTS', `${JSON.stringify(pair)} is not of the form header=value`)
  return [header, value]
}
