import { TaskError } from '../errors.ts'
import { paramsOf } from './params.ts'
import type { AnyTaskDefinition } from './task.ts'

/** A call that does not fit its task: never worth another try. */
export class InvalidArguments extends TaskError {
  constructor(message: string) {
    super('TypeError', { args: [message] })
  }
}

/**
 * Binds positional and keyword arguments to one object, as Python binds them to a function's parameters; throws
 * `InvalidArguments` with Python's own words. Which may be left out is said by the task's schema, and without one by
 * `params`.
 */
export function bindArguments(
  definition: Pick<AnyTaskDefinition, 'name' | 'params' | 'input'>,
  args: readonly unknown[],
  kwargs: Record<string, unknown>,
): Record<string, unknown> {
  const bound = { ...kwargs }
  const { names, needed, rest } = paramsOf(definition.params)
  if (args.length > names.length && rest === undefined) {
    throw new InvalidArguments(tooMany(functionName(definition.name), names.length, args.length))
  }
  for (let i = 0; i < names.length && i < args.length; i++) {
    const name = names[i] as string
    if (Object.hasOwn(kwargs, name)) {
      throw new InvalidArguments(
        `${functionName(definition.name)} got multiple values for argument '${name}'`,
      )
    }
    bound[name] = args[i]
  }
  if (args.length < needed && !definition.input) {
    refuseMissing(definition.name, names.slice(args.length, needed), kwargs)
  }
  if (rest !== undefined) {
    if (Object.hasOwn(kwargs, rest)) {
      throw new InvalidArguments(
        `${functionName(definition.name)} got an unexpected keyword argument '${rest}'`,
      )
    }
    bound[rest] = args.slice(names.length)
  }
  return bound
}

function refuseMissing(task: string, needed: readonly string[], kwargs: Record<string, unknown>): void {
  const missing = needed.filter((name) => !Object.hasOwn(kwargs, name))
  if (missing.length > 0) throw new InvalidArguments(missingText(functionName(task), 'positional', missing))
}

/** Checks the bound arguments against the task's schema, and answers at once where the schema does. */
export function validateInput(
  definition: AnyTaskDefinition,
  bound: Record<string, unknown>,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  if (!definition.input) return bound
  const checked = definition.input['~standard'].validate(bound)
  if (checked instanceof Promise) return checked.then((result) => accepted(definition, bound, result))
  return accepted(definition, bound, checked)
}

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type Checked =
  | { readonly issues?: undefined; readonly value: Record<string, unknown> }
  | { readonly issues: readonly Issue[] }

function accepted(definition: AnyTaskDefinition, bound: object, checked: Checked): Record<string, unknown> {
  if (checked.issues === undefined) return checked.value
  throw new InvalidArguments(explain(definition, bound, checked.issues))
}

function explain(definition: AnyTaskDefinition, bound: object, issues: readonly Issue[]): string {
  const name = functionName(definition.name)
  const missing = [...new Set(issues.flatMap((issue) => missingField(issue, bound)))]
  const positional = missing.filter((field) => paramsOf(definition.params).names.includes(field))
  if (positional.length > 0) return missingText(name, 'positional', positional)
  if (missing.length > 0) return missingText(name, 'keyword-only', missing)
  return `${name} ${issues.map(issueText).join('; ')}`
}

function missingField(issue: Issue, bound: object): string[] {
  const path = pathOf(issue)
  const [field] = path
  return path.length === 1 && field !== undefined && !Object.hasOwn(bound, field) ? [field] : []
}

function issueText(issue: Issue): string {
  const path = pathOf(issue)
  return path.length === 0 ? issue.message : `argument '${path.join('.')}': ${issue.message}`
}

function pathOf(issue: Issue): string[] {
  return (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
}

/** Python shows the function, which a task is named after. */
function functionName(task: string): string {
  return `${task.slice(task.lastIndexOf('.') + 1)}()`
}

function tooMany(name: string, takes: number, given: number): string {
  const plural = takes === 1 ? '' : 's'
  return `${name} takes ${takes} positional argument${plural} but ${given} ${given === 1 ? 'was' : 'were'} given`
}

function missingText(name: string, kind: string, fields: string[]): string {
  const quoted = fields.map((field) => `'${field}'`)
  const last = quoted.length > 2 ? `, and ${quoted.at(-1)}` : ` and ${quoted.at(-1)}`
  const list = quoted.length === 1 ? quoted[0] : quoted.slice(0, -1).join(', ') + last
  return `${name} missing ${fields.length} required ${kind} argument${fields.length === 1 ? '' : 's'}: ${list}`
}
