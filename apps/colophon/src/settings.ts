import { resolve } from 'node:path'
import { accountsSettings } from '@colophon/accounts'
import { catalogSettings } from '@colophon/catalog'
import { gatewaySettings, opsPortOf } from '@colophon/gateway'
import { ordersSettings } from '@colophon/orders'
import { paymentsSandboxSettings } from '@colophon/payments-sandbox'
import { embeddedMaxConnections } from '@colophon/postgres'
import {
  ConfigError,
  type ConfigOf,
  type Environment,
  integer,
  logLevels,
  oneOf,
  readConfig,
  text,
  url,
} from '@colophon/runtime'
import { orSandbox } from './payments.ts'
import { taskConnections } from './tasks/connections.ts'
import { taskSettings } from './tasks/settings.ts'

/** What commands and a worker beside the shop need, and a superuser. */
const besideConnections = 30

/** The pool's share of what the embedded PostgreSQL has. */
const maxEmbeddedPool = embeddedMaxConnections - taskConnections.total - besideConnections

/** Every setting of the program. */
export const settings = {
  databaseUrl: url('DATABASE_URL', ['embedded:', 'postgres://', 'postgresql://'], {
    default: 'embedded:./data',
    help: 'PostgreSQL: embedded in a folder, or an external one, 15 or later, as postgres://user:password@host/database.',
    secret: true,
  }),
  databasePool: integer('DATABASE_POOL', {
    default: 10,
    min: 2,
    max: 1000,
    help: `Connections to PostgreSQL that this process may open, beside ${taskConnections.total} for tasks; at most ${maxEmbeddedPool} to the embedded one.`,
  }),
  ...gatewaySettings,
  ...accountsSettings,
  accountPassword: text('ACCOUNT_PASSWORD', {
    default: undefined,
    shown: 'made up and printed once',
    secret: true,
    help: 'The password that `colophon account create` and `colophon account password` give.',
  }),
  ...catalogSettings,
  ...ordersSettings,
  paymentsUrl: orSandbox(ordersSettings.paymentsUrl),
  paymentsSandboxPort: integer('PAYMENTS_SANDBOX_PORT', {
    default: undefined,
    min: 0,
    max: 65_535,
    shown: 'PORT + 2 when it is served alone, else any free port',
    help: 'The port of the payment provider that comes with the shop, for trying it; it moves no money.',
  }),
  ...paymentsSandboxSettings,
  ...taskSettings,
  sampleCatalogue: oneOf('SAMPLE_CATALOGUE', ['new', 'on', 'off'], {
    default: 'new',
    help: 'Whether the sample catalogue is loaded: new into a new embedded shop only, on into any new shop, off never.',
  }),
  logLevel: oneOf('LOG_LEVEL', logLevels, {
    default: 'info',
    help: `The least important log lines that are written: ${logLevels.join(', ')}.`,
  }),
}

export type Config = ConfigOf<typeof settings>

/**
 * Reads the environment. Called once, by the command.
 * @throws ConfigError
 */
export function configOf(environment: Environment): Config {
  const config = readConfig(settings, environment)
  const opsPort = opsPortOf(config)
  if (opsPort !== 0 && opsPort === config.port) {
    throw new ConfigError('OPS_PORT must not be PORT: operators and the public have doors of their own')
  }
  const sandboxPort = config.paymentsSandboxPort
  if (sandboxPort && (sandboxPort === config.port || sandboxPort === opsPort)) {
    throw new ConfigError(
      'PAYMENTS_SANDBOX_PORT must be neither PORT nor OPS_PORT: the sandbox is no part of the shop',
    )
  }
  if (opsPort > 65_535) throw new ConfigError(`OPS_PORT is not set, and there is no port ${opsPort}: set it`)
  const isEmbedded = embeddedFolder(config) !== null
  if (!isEmbedded && config.secretKey === undefined) {
    // Every process must have the same, and they share no folder.
    throw new ConfigError(
      'SECRET_KEY is not set, and an external database needs it: make one with `openssl rand -base64 32 | tr +/ -_ | tr -d =` and keep it',
    )
  }
  if (isEmbedded && config.databasePool > maxEmbeddedPool) {
    throw new ConfigError(
      `DATABASE_POOL must be at most ${maxEmbeddedPool} with an embedded DATABASE_URL, whose PostgreSQL has ${embeddedMaxConnections} connections for everybody`,
    )
  }
  return config
}

/** The data folder when the database is embedded in one, else null. */
export function embeddedFolder({ databaseUrl }: Config): string | null {
  const path = /^embedded:(.*)$/i.exec(databaseUrl)?.[1]
  if (path === undefined) return null
  return resolve(path.replace(/^\/\//, '') || './data')
}
