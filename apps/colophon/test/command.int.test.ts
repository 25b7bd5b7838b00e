import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../src/version.ts'
import { colophon, secretKey } from './support.ts'

let test: TestDatabase
let environment: Record<string, string>

beforeAll(async () => {
  test = await createTestDatabase()
  environment = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey, ADMIN_PASSWORD: 'correct horse battery' }
})
afterAll(() => test.drop())

/** A socket's folder can stand in a URL's query. */
function urlOf({ connection }: TestDatabase): string {
  if ('url' in connection) return connection.url
  const { host, port, user, database } = connection
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}

const commands = [
  ['serve'],
  ['import'],
  ['migrate'],
  ['token'],
  ['account', 'create'],
  ['account', 'list'],
  ['account', 'role'],
  ['account', 'password'],
  ['keys', 'rotate'],
  ['sample', 'load'],
  ['sample', 'remove'],
]

describe('help', () => {
  it.each(commands.map((command) => [command.join(' '), command] as const))(
    '%s shows an example',
    async (_, command) => {
      const { code, stdout } = await colophon([...command, '--help'])
      expect(code).toBe(0)
      expect(stdout).toMatch(/^Usage: colophon /)
      expect(stdout).toMatch(new RegExp(`Examples?:\\n  .*colophon ${command.join(' ')}`))
    },
  )

  it('lists commands, settings and exit codes', async () => {
    const { code, stdout } = await colophon(['--help'])
    expect(code).toBe(0)
    for (const [name = ''] of commands) expect(stdout).toContain(`  ${name} `)
    expect(stdout).toContain('DATABASE_URL')
    expect(stdout).toContain('Exit codes: 0 done')
  })

  it('knows its version', async () => {
    expect(await colophon(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  })
})

describe('what cannot be meant', () => {
  it.each([
    [['serv'], 'unknown command'],
    [[], 'Usage: colophon'],
    [['token'], '--role'],
    [['token', '--role', 'king'], 'customer, staff, admin'],
    [['token', '--role', 'staff', '--expires', '5'], '60 to 2592000'],
    [['account', 'create'], '--role <role>'],
    [['import'], 'missing required argument'],
  ])('%j is usage, said on standard error', async (args, said) => {
    const { code, stdout, stderr } = await colophon(args)
    expect(code).toBe(2)
    expect(stderr).toContain(said)
    expect(stdout).toBe('')
  })

  it.each([
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must be a URL that starts with embedded: or postgres:'],
    [{ DATABSE_URL: 'postgres://x' }, 'DATABSE_URL is not a setting: did you mean DATABASE_URL?'],
    [{ PORT: 'http' }, 'PORT must be a whole number'],
    [{ OPS_PORT: '8080' }, 'OPS_PORT must not be PORT'],
    [{ DATABASE_URL: 'postgres://127.0.0.1:9/x' }, 'SECRET_KEY is not set'],
  ])('settings %j end it in one line', async (given, said) => {
    const { code, stderr } = await colophon(['token', '--role', 'staff'], { environment: given })
    expect(code).toBe(2)
    expect(stderr).toContain(`colophon: ${said}`)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('a database that is not there is a failure in one line', async () => {
    const { code, stderr } = await colophon(['migrate'], {
      environment: { ...environment, DATABASE_URL: 'postgres://127.0.0.1:9/x' },
    })
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('127.0.0.1:9')
  })
})

describe('commands on a database', () => {
  it('migrate says what it did, and the second time that nothing was left', async () => {
    expect(await colophon(['migrate'], { environment })).toMatchObject({ code: 0 })
    const { stdout } = await colophon(['migrate'], { environment })
    expect(stdout).toBe('accounts: up to date\ncatalog: up to date\n')
    const { stdout: json } = await colophon(['migrate', '--json'], { environment })
    expect(JSON.parse(json)).toEqual({
      services: [
        { service: 'accounts', applied: [] },
        { service: 'catalog', applied: [] },
      ],
    })
  })

  it('accounts are made, listed, given roles, and have tokens', async () => {
    expect(await colophon(['token', '--role', 'staff'], { environment })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no account'),
    })
    const made = await colophon(['account', 'create', 'ada@example.com', '--role', 'admin'], { environment })
    expect(made.code).toBe(0)
    expect(made.stderr).toMatch(/^password: \S{29}\n$/)
    const again = await colophon(['account', 'create', 'ADA@example.com', '--role', 'staff'], { environment })
    expect(again.code).toBe(1)
    const { stdout } = await colophon(['account', 'list', '--json'], { environment })
    expect(JSON.parse(stdout)).toMatchObject({ email: 'ada@example.com', name: 'ada', roles: ['admin'] })
    const last = await colophon(['account', 'role', 'ada@example.com', 'staff'], { environment })
    expect(last).toMatchObject({ code: 1, stderr: expect.stringContaining('admin') })
    const token = await colophon(['token', '--role', 'staff'], { environment })
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const json = await colophon(['token', '--role', 'staff', '--json'], { environment })
    expect(JSON.parse(json.stdout)).toMatchObject({ tokenType: 'Bearer', expiresIn: 3600 })
  })

  it('a forgotten password is replaced, and keys are rotated', async () => {
    const reset = await colophon(['account', 'password', 'ada@example.com'], { environment })
    expect(reset).toMatchObject({ code: 0, stdout: expect.stringContaining('ada@example.com') })
    expect(reset.stderr).toMatch(/^password: \S{29}\n$/)
    const unknown = await colophon(['account', 'password', 'nobody@example.com'], { environment })
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('no such account') })
    const weak = { ...environment, ACCOUNT_PASSWORD: 'short' }
    const refused = await colophon(['account', 'password', 'ada@example.com'], { environment: weak })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('at least 8') })
    const rotated = await colophon(['keys', 'rotate', '--json'], { environment })
    expect(JSON.parse(rotated.stdout)).toMatchObject({ id: expect.any(String) })
  })

  it('the sample comes, goes, and says how many', async () => {
    const loaded = await colophon(['sample', 'load', '--json'], { environment })
    expect(loaded.code).toBe(0)
    const { inserted } = JSON.parse(loaded.stdout)
    expect(inserted).toBeGreaterThan(900)
    const again = await colophon(['sample', 'load', '--json'], { environment })
    expect(JSON.parse(again.stdout)).toMatchObject({ inserted: 0, unchanged: inserted })
    const removed = await colophon(['sample', 'remove', '--json'], { environment })
    expect(JSON.parse(removed.stdout)).toEqual({ removed: inserted, kept: 0 })
  })

  it('import reports refused rows and ends with 3', async () => {
    const stdin = 'isbn,title\n9780439023481,The Hunger Games\n9780439023480,Wrong digit\n'
    const { code, stdout, stderr } = await colophon(['import', '-', '--source', 'test', '--json'], {
      environment,
      stdin,
    })
    expect(code).toBe(3)
    expect(JSON.parse(stdout).counts).toEqual({ read: 2, inserted: 1, updated: 0, unchanged: 0, refused: 1 })
    expect(stderr).toContain('"line":3')
  })

  it('import of a file that is not there is a failure that names it', async () => {
    const { code, stderr } = await colophon(['import', '/no/such/file.csv'], { environment })
    expect(code).toBe(1)
    expect(stderr).toContain('/no/such/file.csv')
  })
})
