import { stdSerializers } from 'pino'

const secretName =
  /^(authorization|(.*[_-])?pass|.*(cookie|passphrase|password|passwd|secret|token|session[_-]?id|(api|secret|private)[_-]?key)s?([_-]?hash(es)?)?)$/i
const maxDepth = 6

/** The fields of a log line without their secrets. */
export function withoutSecretFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, withoutSecretsIn(name, value, 1)]),
  )
}

/** The same value with the values of secret-sounding names, and secrets within text, replaced. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutSecretText(value)
  if (value === null || typeof value !== 'object') return value
  if (depth > maxDepth) return '[deeper]'
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1))
  if (value instanceof Error) return withoutSecrets(errorFields(value), depth)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withoutSecretsIn(name, field, depth + 1)]),
  )
}

/** What pino writes of an error, with the errors inside it still to be looked through. */
function errorFields(error: Error): Record<string, unknown> {
  const together = error instanceof AggregateError && { aggregateErrors: error.errors }
  return { ...stdSerializers.err(error), ...error, ...together }
}

/** The names of fields are few and come with every line; the bound is for those who make names up. */
const judged = new Map<string, boolean>()
const maxJudged = 1_000

function isSecretName(name: string): boolean {
  let isSecret = judged.get(name)
  if (isSecret === undefined) {
    isSecret = secretName.test(name)
    if (judged.size < maxJudged) judged.set(name, isSecret)
  }
  return isSecret
}

function withoutSecretsIn(name: string, value: unknown, depth: number): unknown {
  const hidden = isSecretName(name) && value !== undefined && value !== null
  return hidden ? '[secret]' : withoutSecrets(value, depth)
}

/** The same text without the passwords of URLs, tokens (bearer's, RFC 7519), and values of secret-sounding parameters. */
export function withoutSecretText(text: string): string {
  // Nearly every line has none of them, and to look for a word is quicker than for a pattern.
  let clean = text.includes('://') ? withoutUrlPasswords(text) : text
  if (clean.includes('=')) clean = clean.replace(secretParameters, '$1[secret]')
  if (clean.includes('eyJ')) clean = clean.replace(webTokens, '[secret]')
  return clean.replace(/\b(bearer) [\w.~+/=-]+/gi, '$1 [secret]')
}

const secretParameters = /((?:pass|password|passwd|secret|token|session_?id|api[_-]?key)s?=)[^\s&#"\\]+/gi
/** Signed ones have three parts, encrypted ones five; each begins as JSON in base64url does. */
const webTokens = /(?<![\w-])eyJ[\w-]{1,2000}(\.[\w-]*){2,4}/g

/**
 * The password ends at the last @ before the path or, as people forget to encode a slash in it, at the last one of
 * all, unless what comes before the slash can be a port. Every part is bounded: whoever sends a request writes its
 * path into a line, and may write one at which a pattern would stay long.
 */
const urlPasswords =
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"\\[]{0,200}):([^\s/?#"\\]{1,200}|(?!\d{1,5}[/?#])[^\s"\\]{1,200})@/gi

function withoutUrlPasswords(text: string): string {
  return text.replace(urlPasswords, '$1:[secret]@')
}
