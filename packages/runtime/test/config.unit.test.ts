import { describe, expect, it } from 'vitest'
import { ConfigError, integer, list, oneOf, readConfig, text, url } from '../src/index.ts'

const settings = {
  host: text('HOST', { help: 'where to listen', default: '127.0.0.1' }),
  port: integer('PORT', { help: 'the port', min: 0, max: 65535, default: 8080 }),
  opsPort: integer('OPS_PORT', { help: 'for operators', min: 0, max: 65535, default: undefined }),
  database: url('DATABASE_URL', ['embedded:', 'postgres://'], {
    help: 'the database',
    default: 'embedded:./data',
  }),
  level: oneOf('LOG_LEVEL', ['debug', 'info'], { help: 'how much is logged', default: 'info' }),
  origins: list('CORS_ORIGINS', { help: 'who may call', default: [] }),
  password: text('ADMIN_PASSWORD', {
    help: 'the first one',
    default: undefined,
    secret: true,
    pattern: /^.{8,}$/,
  }),
}

describe('reading the configuration', () => {
  it('gives every default for an empty environment', () => {
    expect(readConfig(settings, {})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      opsPort: undefined,
      database: 'embedded:./data',
      level: 'info',
      origins: [],
      password: undefined,
    })
  })

  it('reads the text of each kind', () => {
    const config = readConfig(settings, {
      HOST: ' 0.0.0.0 ',
      PORT: '65535',
      OPS_PORT: '0',
      DATABASE_URL: 'postgres://shop:pw@db/shop',
      LOG_LEVEL: 'debug',
      CORS_ORIGINS: 'https://a.example, ,https://b.example,',
      ADMIN_PASSWORD: 'correct horse',
    })
    expect(config).toEqual({
      host: '0.0.0.0',
      port: 65535,
      opsPort: 0,
      database: 'postgres://shop:pw@db/shop',
      level: 'debug',
      origins: ['https://a.example', 'https://b.example'],
      password: 'correct horse',
    })
  })

  it('takes an empty or blank variable for an unset one', () => {
    expect(readConfig(settings, { PORT: '', HOST: '  ' })).toMatchObject({ port: 8080, host: '127.0.0.1' })
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(readConfig(settings, {}))).toBe(true)
  })

  it('says what a missing setting is for', () => {
    const required = { key: text('SECRET_KEY', { help: 'wraps the signing keys' }) }
    expect(() => readConfig(required, {})).toThrow(
      new ConfigError('SECRET_KEY is not set: wraps the signing keys'),
    )
  })

  it.each([
    ['PORT', '65536', 'PORT must be a whole number from 0 to 65535, not "65536"'],
    ['PORT', '-1', 'PORT must be a whole number from 0 to 65535, not "-1"'],
    ['PORT', '80.5', 'PORT must be a whole number from 0 to 65535, not "80.5"'],
    ['PORT', '0x50', 'PORT must be a whole number from 0 to 65535, not "0x50"'],
    ['PORT', '1e3', 'PORT must be a whole number from 0 to 65535, not "1e3"'],
    ['LOG_LEVEL', 'INFO', 'LOG_LEVEL must be one of debug, info, not "INFO"'],
    [
      'DATABASE_URL',
      'mysql://db',
      'DATABASE_URL must be a URL that starts with embedded: or postgres://, not "mysql://db"',
    ],
    [
      'DATABASE_URL',
      'data',
      'DATABASE_URL must be a URL that starts with embedded: or postgres://, not "data"',
    ],
    [
      'DATABASE_URL',
      'postgres://[',
      'DATABASE_URL must be a URL that can be read: percent-encode / # ? @ in the password, not "postgres://["',
    ],
    [
      'DATABASE_URL',
      'postgres:',
      'DATABASE_URL must be a URL that starts with embedded: or postgres://, not "postgres:"',
    ],
  ])('refuses %s=%s in one line that names it', (name, value, message) => {
    expect(() => readConfig(settings, { [name]: value })).toThrow(new ConfigError(message))
  })

  it('never repeats a secret value', () => {
    const read = () => readConfig(settings, { ADMIN_PASSWORD: 'hunter2' })
    expect(read).toThrow('ADMIN_PASSWORD must be')
    expect(read).not.toThrow('hunter2')
  })

  it.each(['pa/ss', 'pa#ss', 'pa?ss'])('says what is wrong with a URL whose password is %s', (password) => {
    const read = () => readConfig(settings, { DATABASE_URL: `postgres://shop:${password}@db/shop` })
    expect(read).toThrow(
      /^DATABASE_URL must be a URL that can be read: percent-encode .* "\S+:\[secret\]@db\/shop"$/,
    )
  })

  it('takes a URL without a host that names it in the query, as libpq does, and says what another lacks', () => {
    const url = 'postgres://shop@/shop?host=/run/postgresql'
    expect(readConfig(settings, { DATABASE_URL: url }).database).toBe(url)
    for (const lacking of [
      'postgres://shop@/shop',
      'postgres://shop@/shop?host=',
      'postgres://shop:p@/w@db/x',
    ]) {
      const read = () => readConfig(settings, { DATABASE_URL: lacking })
      expect(read).toThrow('DATABASE_URL must be a URL with a host between its @ and its / (')
    }
  })

  it('never repeats the password within a URL', () => {
    const read = () => readConfig(settings, { DATABASE_URL: 'postgre://shop:hunter2@db/shop' })
    expect(read).toThrow('DATABASE_URL must be')
    expect(read).not.toThrow('hunter2')
  })
})

describe('a name that is a letter away from a setting', () => {
  it.each(['PROT', 'POR', 'PORTT', 'P0RT', 'port', 'Port', 'OPSPORT', 'DATABASEURL', 'DATABASE_ULR'])(
    'refuses %s',
    (name) => {
      expect(() => readConfig(settings, { [name]: '1' })).toThrow(`${name} is not a setting: did you mean`)
    },
  )

  it.each(['PATH', 'HOME', 'HOSTNAME', 'DATABASE_URL_OLD', 'TERM', 'LANG', 'PWD'])(
    'leaves %s alone',
    (name) => {
      expect(() => readConfig(settings, { [name]: '1' })).not.toThrow()
    },
  )

  it('leaves a name alone that is present without a value', () => {
    expect(() => readConfig(settings, { PROT: undefined })).not.toThrow()
  })

  it('leaves one setting alone that is a letter away from another', () => {
    const close = {
      cache: text('CACHE_URL', { help: 'one', default: 'a' }),
      caches: text('CACHES_URL', { help: 'other', default: 'b' }),
    }
    expect(readConfig(close, { CACHES_URL: 'c' })).toEqual({ cache: 'a', caches: 'c' })
  })
})
