import { bad, type Checks, checkOptions, checkValue } from '../options/check.ts'
import { flag, list, record, text } from '../options/kinds.ts'
import { sendChecks } from './signature-options.ts'

/** The arguments of a task that is called by its name. */
export interface CallArguments {
  args?: unknown[]
  kwargs?: Record<string, unknown>
}

/** Those of a signature: an immutable one takes no result of the step before it. */
export interface SignatureArguments extends CallArguments {
  immutable?: boolean
}

const callChecks: Checks<CallArguments> = { args: list, kwargs: record }
const signatureChecks: Checks<SignatureArguments> = { ...callChecks, immutable: flag }

/** @throws CeleryError `BAD_OPTION`; for an option of the call among its arguments, with where it belongs */
export function checkCall(task: string, given: CallArguments): void {
  check('app.send', task, given, callChecks)
}

/** The same for a signature. */
export function checkSignature(task: string, given: SignatureArguments): void {
  check('app.signature', task, given, signatureChecks)
}

function check<Given extends CallArguments>(
  method: string,
  task: string,
  given: Given,
  checks: Checks<Given>,
): void {
  checkValue(task, text, 'name', method)
  const known = Object.keys(checks).join(', ')
  for (const name of Object.keys(given ?? {})) {
    if (Object.hasOwn(checks, name) || !Object.hasOwn(sendChecks, name)) continue
    throw bad(name, `belongs in the third argument: ${method}(name, { ${known} }, { ${name} })`, method)
  }
  checkOptions(given, checks, method)
}
