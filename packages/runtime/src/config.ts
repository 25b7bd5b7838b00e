import { withoutSecretText } from './secrets.ts'

/** The environment, or a test's stand-in for it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One setting: the environment variable it is read from, what it means, and how its text becomes a value. */
export interface Setting<T> {
  readonly env: string
  /** One sentence for the settings' table and `--help`. */
  readonly help: string
  /** Shown in documentation: the default as text, or what stands in for it. */
  readonly shown: string
  /** Never shown, never logged. */
  readonly secret: boolean
  /** The value when the variable is unset or empty; absent when the setting is required. */
  readonly fallback?: { readonly value: T }
  /** Reads the text; throws an `Error` whose message completes "NAME must be ...". */
  readonly parse: (text: string) => T
}

/** Settings by the name the code knows them by. */
export type Settings = Readonly<Record<string, Setting<unknown>>>

/** The typed object that reading the settings gives. */
export type ConfigOf<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never
}

/** The configuration cannot be used. The message is one line that names the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

interface Options<T> {
  help: string
  default?: T
  /** Documentation's word for a default that is worked out later ("PORT + 1"). */
  shown?: string
  secret?: boolean
}

function setting<T>(env: string, options: Options<T>, parse: (text: string) => T): Setting<T> {
  const shown = options.shown ?? ('default' in options ? String(options.default ?? '') : 'required')
  const base = { env, help: options.help, shown, secret: options.secret ?? false, parse }
  return 'default' in options ? { ...base, fallback: { value: options.default as T } } : base
}

/** Any non-empty text; `pattern` narrows it and `must` says what it has to be. */
export function text<T extends string | undefined = string>(
  env: string,
  options: Options<T> & { pattern?: RegExp; must?: string },
): Setting<T | string> {
  return setting<T | string>(env, options, (value) => {
    if (options.pattern && !options.pattern.test(value))
      throw new Error(options.must ?? `like ${options.pattern}`)
    return value
  })
}

/** A whole number between `min` and `max`, inclusive. */
export function integer<T extends number | undefined = number>(
  env: string,
  options: Options<T> & { min: number; max: number },
): Setting<T | number> {
  return setting<T | number>(env, options, (value) => {
    const number = Number(value)
    if (!/^-?\d+$/.test(value) || number < options.min || number > options.max) {
      throw new Error(`a whole number from ${options.min} to ${options.max}`)
    }
    return number
  })
}

/** One of a closed set of words. */
export function oneOf<const W extends string>(
  env: string,
  words: readonly W[],
  options: Options<NoInfer<W>>,
): Setting<W> {
  return setting<W>(env, options, (value) => {
    const word = words.find((candidate) => candidate === value)
    if (word === undefined) throw new Error(`one of ${words.join(', ')}`)
    return word
  })
}

/** What is before the host of a URL that has none (`postgres://user@/database?host=/folder`), which no WHATWG URL is. */
const hostless = /^([^/?#]+:\/\/[^/?#]*@)(?=\/)/

/**
 * A URL that begins in one of the given ways: with a scheme and its colon, and `//` where a host must follow, or be
 * named by the query's `host`, as libpq has it.
 */
export function url<T extends string | undefined = string>(
  env: string,
  beginnings: readonly string[],
  options: Options<T>,
): Setting<T | string> {
  return setting<T | string>(env, options, (value) => {
    const start = value.toLowerCase()
    if (!beginnings.some((beginning) => start.startsWith(beginning))) {
      throw new Error(`a URL that starts with ${beginnings.join(' or ')}`)
    }
    if (!value.includes('://') || URL.canParse(value)) return value
    const hosted = URL.parse(value.replace(hostless, '$1host'))
    if (hosted === null) throw new Error('a URL that can be read: percent-encode / # ? @ in the password')
    if (!hosted.searchParams.get('host')) {
      throw new Error('a URL with a host between its @ and its / (percent-encode those in a password)')
    }
    return value
  })
}

/** Words separated by commas; empty text gives an empty list. */
export function list(env: string, options: Options<readonly string[]>): Setting<readonly string[]> {
  return setting<readonly string[]>(env, options, (value) =>
    value
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  )
}

/**
 * Reads every setting once into a typed, frozen object.
 * @throws ConfigError for the first variable that is missing, wrong, or a letter away from a known name.
 */
export function readConfig<S extends Settings>(settings: S, environment: Environment): ConfigOf<S> {
  refuseNearMisses(
    Object.values(settings).map((known) => known.env),
    environment,
  )
  const entries = Object.entries(settings).map(([key, known]) => [key, readSetting(known, environment)])
  return Object.freeze(Object.fromEntries(entries)) as ConfigOf<S>
}

function readSetting(known: Setting<unknown>, environment: Environment): unknown {
  const given = environment[known.env]?.trim()
  if (given === undefined || given === '') {
    if (!known.fallback) throw new ConfigError(`${known.env} is not set: ${known.help}`)
    return known.fallback.value
  }
  try {
    return known.parse(given)
  } catch (error) {
    const must = error instanceof Error ? error.message : String(error)
    const was = known.secret ? '' : `, not "${withoutSecretText(given)}"`
    throw new ConfigError(`${known.env} must be ${must}${was}`)
  }
}

/** A variable one letter away from a setting is a slip, and a silent one: the default would be used instead. */
function refuseNearMisses(known: readonly string[], environment: Environment): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || known.includes(name)) continue
    const meant = known.find((candidate) => isOneEditAway(name.toUpperCase(), candidate))
    if (meant) throw new ConfigError(`${name} is not a setting: did you mean ${meant}? Rename or unset it`)
  }
}

/** Whether one insertion, deletion, substitution or swap of neighbours (or letter case) turns `a` into `b`. */
export function isOneEditAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  const restA = a.slice(start)
  const restB = b.slice(start)
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  )
}
