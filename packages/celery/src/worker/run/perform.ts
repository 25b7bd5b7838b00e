import { bindArguments, validateInput } from '../../app/bind-arguments.ts'
import type { AnyTaskDefinition, RetryPolicy, TaskContext } from '../../app/task.ts'
import { isThenable, type Outcome, outcomeOfError, outcomeOfValue } from './outcome.ts'
import type { RunContext } from './run-context.ts'

/**
 * Runs a task's own code with its arguments. Never throws or rejects: what the task throws is an outcome. Answers at
 * once when the task does.
 */
export function perform(
  definition: AnyTaskDefinition,
  policy: RetryPolicy | undefined,
  context: RunContext,
): Outcome | Promise<Outcome> {
  const { args, kwargs } = context.message
  try {
    const input = validateInput(definition, bindArguments(definition, args, kwargs))
    const value: unknown =
      input instanceof Promise
        ? input.then((valid) => definition.run(valid, context))
        : definition.run(input, context as TaskContext)
    if (!isThenable(value)) return outcomeOfValue(definition, value)
    return settled(definition, value, policy, context)
  } catch (error) {
    return outcomeOfError(error, policy, context.abortedSignal)
  }
}

async function settled(
  definition: AnyTaskDefinition,
  value: PromiseLike<unknown>,
  policy: RetryPolicy | undefined,
  context: RunContext,
): Promise<Outcome> {
  try {
    return await outcomeOfValue(definition, await value)
  } catch (error) {
    return outcomeOfError(error, policy, context.abortedSignal)
  }
}
