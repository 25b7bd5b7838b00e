import { CeleryError } from '../errors.ts'

/** Host and database are empty where they are not known. */
export interface Address {
  host: string
  port: number | null
  user: string | null
  database: string
}

/**
 * Where a URL leads, without its password.
 * @throws CeleryError `BAD_OPTION`, which repeats nothing of the URL: it may hold a password
 */
export function readPostgresUrl(source: string): Address {
  const address = addressIn(source)
  if (address) return address
  const form =
    'write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with reserved characters, such as %, as %XX'
  throw new CeleryError('BAD_OPTION', `The URL of PostgreSQL cannot be read: ${form}.`)
}

/** As `pg` reads it, but for a % that stands for itself, which it reads now so and now so. Undefined when it is none. */
export function addressIn(source: string): Address | undefined {
  const url = parsePostgresUrl(source)
  if (!url || !isDecodable(url.password)) return undefined
  const parts = [url.username, url.hostname, url.pathname.slice(1)]
  if (!parts.every(isDecodable)) return undefined
  const [user = '', named = '', database = ''] = parts.map(decodeURIComponent)
  const host = url.searchParams.get('host') || (named === noHost ? '' : named)
  // What a URL leaves out pg takes from the environment. Beat has to know whether two of them lead to one database.
  const { PGHOST, PGPORT } = process.env
  return {
    host: host || PGHOST || 'localhost',
    port: Number(url.searchParams.get('port') || url.port || PGPORT || 5432),
    user: user || null,
    database: database || user,
  }
}

/** In place of a host that was left out behind a user, of which there is no URL. */
const noHost = 'no-host.invalid'

/** With spaces, and without a host, as `pg` takes them. */
export function parsePostgresUrl(source: string): URL | undefined {
  const url = URL.parse(source.replaceAll(' ', '%20').replace('@/', `@${noHost}/`))
  return url && /^postgres(ql)?:$/.test(url.protocol) ? url : undefined
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
