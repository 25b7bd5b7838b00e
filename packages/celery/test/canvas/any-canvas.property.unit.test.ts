import fc from 'fast-check'
import { expect, it } from 'vitest'
import { build, type Plan } from './support/plans.ts'
import { createTasks, startWorker, until } from './support/tasks.ts'

type Name = 'chain' | 'group' | 'chord'

/** Any canvas of `echo`, each with a number of its own. A group of nothing is in it as a chord's body alone. */
const canvases = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constant<Plan>(['task', 'echo']),
    fc
      .tuple(
        fc.constantFrom<Name>('chain', 'group', 'chord'),
        fc.array(tie('plan'), { minLength: 1, maxLength: 3 }),
      )
      .map(([kind, parts]) => [kind, ...parts] as Plan),
    fc
      .array(tie('plan'), { minLength: 1, maxLength: 2 })
      .map((header) => ['chord', ...header, ['group']] as Plan),
  ),
})).plan

function numbered(plan: Plan): Plan {
  let next = 1
  const number = (part: Plan): Plan => {
    const [kind, ...rest] = part
    return kind === 'task' ? ['task', 'echo', next++] : ([kind, ...(rest as Plan[]).map(number)] as Plan)
  }
  return number(plan)
}

/** The steps that a plan is as part of a chain: chains within are part of it, and so is what follows a chord's body. */
function stepsOf(plan: Plan): Plan[] {
  const [kind, ...rest] = plan
  if (kind === 'task' || kind === 'group') return [plan]
  const parts = rest as Plan[]
  if (kind === 'chain') return parts.flatMap(stepsOf).map(withoutGroupOfOne)
  const [first, ...others] = stepsOf(['chain', parts.at(-1) as Plan]).map(withoutGroupOfOne)
  return [['chord', ...parts.slice(0, -1), first as Plan], ...others]
}

/** A group of one that something follows counts as its task. */
function withoutGroupOfOne(step: Plan, index: number, steps: Plan[]): Plan {
  const members = step[0] === 'group' ? membersOf(step.slice(1) as Plan[]) : []
  return index < steps.length - 1 && members.length === 1 ? (members[0] as Plan) : step
}

/** Groups within a group are part of it. */
function membersOf(parts: Plan[]): Plan[] {
  return parts.flatMap((part) => (part[0] === 'group' ? membersOf(part.slice(1) as Plan[]) : [part]))
}

/** What Celery's meaning of a canvas makes of it: `echo` gives its only argument, or all of them as a list. */
function meaningOf(plan: Plan, input: unknown[]): unknown {
  if (plan[0] === 'task') {
    const args = [...input, ...plan.slice(2)]
    return args.length === 1 ? args[0] : args
  }
  if (plan[0] === 'group') return membersOf(plan.slice(1) as Plan[]).map((part) => meaningOf(part, input))
  const steps = stepsOf(plan)
  if (plan[0] === 'chain' || steps.length > 1) {
    return steps.reduce((args, step) => [meaningOfStep(step, args)], input as unknown[])[0]
  }
  return meaningOfStep(steps[0] as Plan, input)
}

function meaningOfStep(step: Plan, input: unknown[]): unknown {
  if (step[0] !== 'chord') return meaningOf(step, input)
  const parts = step.slice(1) as Plan[]
  const header = meaningOf(['group', ...parts.slice(0, -1)], input)
  return meaningOf(parts.at(-1) as Plan, [header])
}

function countTasks(plan: Plan): number {
  return plan[0] === 'task' ? 1 : (plan.slice(1) as Plan[]).reduce((sum, part) => sum + countTasks(part), 0)
}

it('any canvas gives what it means, and sends each of its tasks once', async () => {
  const { app, sent } = createTasks()
  await startWorker(app)
  await fc.assert(
    fc.asyncProperty(canvases, async (any) => {
      const plan = numbered(any)
      sent.length = 0
      const result = await build(app, plan).send(['in'])
      expect(await result.get({ timeout: 5 })).toEqual(meaningOf(plan, ['in']))
      // A group of nothing is done at once, whatever is still to run before it.
      await until(() => sent.length >= countTasks(plan), 'all tasks')
      expect(new Set(sent.map(({ headers }) => headers.id)).size).toBe(countTasks(plan))
      expect(sent).toHaveLength(countTasks(plan))
    }),
    { numRuns: 700 },
  )
})
