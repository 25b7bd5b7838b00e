import { paramsOf } from '../../app/params.ts'

interface Arguments {
  args: unknown[]
  kwargs: Record<string, unknown>
}

/**
 * The arguments of the next run. As in Celery, new ones of one kind replace those of the parameters they fill, in
 * whichever way these were given, and the others stay: `retry({ kwargs: { x: 2 } })` of a call `(1, 5)` is `(2, 5)`.
 * @param params the task's option
 */
export function retryArguments(
  params: readonly string[] | undefined,
  given: Arguments,
  { args, kwargs }: { args?: unknown[] | undefined; kwargs?: Record<string, unknown> | undefined },
): Arguments {
  const { names: named } = paramsOf(params)
  if (args && !kwargs) {
    const filled = new Set(named.slice(0, args.length))
    const others = Object.entries(given.kwargs).filter(([name]) => !filled.has(name))
    return { args, kwargs: Object.fromEntries(others) }
  }
  if (kwargs && !args) {
    const changed = given.args.map((value, index) => {
      const name = named[index]
      return name !== undefined && Object.hasOwn(kwargs, name) ? kwargs[name] : value
    })
    const filled = new Set(named.slice(0, given.args.length))
    const others = Object.entries(kwargs).filter(([name]) => !filled.has(name))
    return { args: changed, kwargs: Object.fromEntries(others) }
  }
  return { args: args ?? given.args, kwargs: kwargs ?? given.kwargs }
}
