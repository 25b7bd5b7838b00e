import { isIP } from 'node:net'
import { type ConfigOf, integer, list, type Setting, type Settings, text } from '@colophon/runtime'

/** The settings of the gateway, for `readConfig` of @colophon/runtime. */
export const gatewaySettings = {
  host: text('HOST', {
    help: 'The address to listen on: 0.0.0.0 or :: for every network, such as in a container.',
    default: '127.0.0.1',
  }),
  port: integer('PORT', { help: 'The port of the API.', min: 0, max: 65_535, default: 8080 }),
  opsPort: integer('OPS_PORT', {
    help: 'The port of /metrics, /healthz and /readyz, for operators and not for the public.',
    min: 0,
    max: 65_535,
    default: undefined,
    shown: 'PORT + 1',
  }),
  publicUrl: {
    ...text('PUBLIC_URL', {
      help: 'Where browsers see the shop, such as https://shop.example.',
      default: undefined,
      shown: 'none',
    }),
    parse: originOf,
  },
  trustProxy: each(
    list('TRUST_PROXY', {
      help: "Proxies whose word on the client's address is believed: addresses, networks such as 10.0.0.0/8, or loopback.",
      default: [],
      shown: 'none',
    }),
    networkOf,
  ),
  corsOrigins: each(
    list('CORS_ORIGINS', {
      help: 'Other sites whose pages may call the API, separated by commas, such as https://app.example.',
      default: [],
      shown: 'none',
    }),
    originOf,
  ),
  clientRate: integer('CLIENT_REQUESTS_PER_MINUTE', {
    help: 'Requests a minute from one network address, a sixth of them at once, counted in this process; 0 for no limit.',
    min: 0,
    max: 1_000_000,
    default: 6_000,
  }),
  accountRate: integer('ACCOUNT_REQUESTS_PER_MINUTE', {
    help: 'Requests a minute from one account, a sixth of them at once, counted in this process; 0 for no limit.',
    min: 0,
    max: 1_000_000,
    default: 3_000,
  }),
} satisfies Settings

export type GatewayConfig = ConfigOf<typeof gatewaySettings>

/** OPS_PORT, which is PORT + 1 when it is not set; 0 is any free port. */
export function opsPortOf({ port, opsPort }: Pick<GatewayConfig, 'port' | 'opsPort'>): number {
  return opsPort ?? (port === 0 ? 0 : port + 1)
}

/** A list of which every word is read further. */
function each(words: Setting<readonly string[]>, read: (word: string) => string): typeof words {
  return { ...words, parse: (given) => words.parse(given).map(read) }
}

function originOf(given: string): string {
  const parsed = URL.canParse(given) ? new URL(given) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol) || `${parsed.origin}/` !== parsed.href) {
    throw new Error('a scheme and a host, without a path, such as https://shop.example')
  }
  return parsed.origin
}

const namedNetworks: readonly string[] = ['loopback', 'linklocal', 'uniquelocal']

function networkOf(given: string): string {
  const [address = '', bits, ...rest] = given.split('/')
  const most = { 4: 32, 6: 128 }[isIP(address)]
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (most ?? 0))
  if (namedNetworks.includes(given) || (most !== undefined && fits && rest.length === 0)) return given
  throw new Error('addresses, networks such as 10.0.0.0/8, or loopback, separated by commas')
}
