import { bad, type Check } from '../options/check.ts'

/** The parameters of a task, as its option `params` writes them. */
export interface Params {
  /** In the order in which positional arguments fill them. */
  readonly names: readonly string[]
  /** So many at the beginning must be given, unless the task's schema says otherwise. */
  readonly needed: number
  /** What collects the positional arguments that remain. */
  readonly rest: string | undefined
}

const none: Params = { names: [], needed: 0, rest: undefined }
const read = new WeakMap<readonly string[], Params>()

/** Read once, as every call asks. */
export function paramsOf(params: readonly string[] | undefined): Params {
  if (params === undefined) return none
  const known = read.get(params)
  if (known) return known
  const made = readParams(params)
  read.set(params, made)
  return made
}

function readParams(params: readonly string[]): Params {
  const rest = params.find((name) => name.startsWith('...'))?.slice(3)
  const named = params.filter((name) => !name.startsWith('...'))
  const optional = named.findIndex(isOptional)
  const names = named.map((name) => (isOptional(name) ? name.slice(0, -1) : name))
  return { names, needed: optional < 0 ? names.length : optional, rest }
}

function isOptional(name: string): boolean {
  return name.endsWith('?')
}

const expected = "an array of names, like ['x', 'y?', '...rest']"

export const paramsCheck: Check = {
  expected,
  fits: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  inside(value, option, of) {
    const params = value as string[]
    const { names, needed, rest } = readParams(params)
    const all = [...names, ...(rest === undefined ? [] : [rest])]
    if (all.some((name) => !/^[^.?\s]+$/.test(name))) throw bad(option, `must be ${expected}`, of)
    const twice = all.find((name, index) => all.indexOf(name) !== index)
    if (twice !== undefined) throw bad(option, `must not name ${twice} twice`, of)
    if (params.slice(0, -1).some((name) => name.startsWith('...'))) {
      throw bad(option, `must have ...${rest} as its last`, of)
    }
    const after = params.slice(needed).find((name) => !isOptional(name) && !name.startsWith('...'))
    if (after !== undefined) throw bad(option, `must not have ${after} after one that may be left out`, of)
  },
}
