import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../src/version.ts'
import { colophon, secretKey, urlOf } from './support.ts'

let test: TestDatabase
let environment: Record<string, string>

beforeAll(async () => {
  test = await createTestDatabase()
  environment = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey, ADMIN_PASSWORD: 'correct horse battery' }
})
afterAll(() => test.drop())

const commands = [
  ['serve'],
  ['worker'],
  ['relay'],
  ['beat'],
  ['import'],
  ['stock'],
  ['stock', 'show'],
  ['stock', 'adjust'],
  ['stock', 'receive'],
  ['stock', 'check'],
  ['report'],
  ['dead-letters'],
  ['outbox'],
  ['migrate'],
  ['token'],
  ['account'],
  ['account', 'create'],
  ['account', 'list'],
  ['account', 'role'],
  ['account', 'password'],
  ['keys'],
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

  it('lists reports, for machines too', async () => {
    const { code, stdout } = await colophon(['report', '--list', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toContainEqual({ name: 'sales-by-day', title: expect.any(String) })
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
    [['stock', 'receive', '-', '--document', ''], 'one line of 1 to 100 characters'],
    [['stock', 'receive', '-', '--document', 'a\nb'], 'one line of 1 to 100 characters'],
    [['stock', 'receive', '-', '--document', '4'.repeat(101)], 'one line of 1 to 100 characters'],
    [
      ['stock', 'adjust', '9780439023481', '1', '--reason', 'damaged', '--note', 'x'.repeat(501)],
      'one line of 1 to 500 characters',
    ],
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
    [{ PAYMENTS_SANDBOX_PORT: '8080' }, 'PAYMENTS_SANDBOX_PORT must be neither PORT nor OPS_PORT'],
    [{ PAYMENTS_SANDBOX_PORT: '8081' }, 'PAYMENTS_SANDBOX_PORT must be neither PORT nor OPS_PORT'],
    [{ PORT: '65535' }, 'OPS_PORT is not set, and there is no port 65536'],
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
  const services = ['accounts', 'catalog', 'orders', 'payments-sandbox']

  it('migrate says what it did, and the second time that nothing was left', async () => {
    expect(await colophon(['migrate'], { environment })).toMatchObject({ code: 0 })
    const { stdout } = await colophon(['migrate'], { environment })
    expect(stdout).toBe(services.map((service) => `${service}: up to date\n`).join(''))
    const { stdout: json } = await colophon(['migrate', '--json'], { environment })
    expect(JSON.parse(json)).toEqual({ services: services.map((service) => ({ service, applied: [] })) })
  })

  it.each([[['token', '--role', 'staff']], [['account', 'list']]])(
    '%j leaves tables alone that are not up to date, and says what to do',
    async (args) => {
      const old = await createTestDatabase()
      const given = { environment: { ...environment, DATABASE_URL: urlOf(old) } }
      await colophon(['migrate'], given)
      await old.database.query(sql`alter table accounts.accounts rename to people`)
      const refused = await colophon(args, given)
      await old.drop()
      expect(refused).toEqual({
        code: 1,
        stdout: '',
        stderr:
          "colophon: the database's tables are not those of this version: run `colophon migrate` or start the shop first\n",
      })
    },
  )

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

  it.each([
    ['foo', {}, "'foo' is invalid for argument 'email'. It must be an e-mail address."],
    ['bob@example.com', { ACCOUNT_PASSWORD: 'too short' }, 'at least 15 characters'],
  ])('an account for %s with %j cannot be meant', async (email, more, said) => {
    const create = ['account', 'create', email, '--role', 'staff']
    const { code, stdout, stderr } = await colophon(create, { environment: { ...environment, ...more } })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(said)
  })

  it('a password that was made up is in the JSON and nowhere else; a given one is in neither', async () => {
    const create = ['account', 'create', 'grace@example.com', '--role', 'staff', '--name', 'Grace', '--json']
    const made = await colophon(create, { environment })
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(made.stdout)).toMatchObject({
      name: 'Grace',
      roles: ['staff'],
      password: expect.stringMatching(/^\S{29}$/),
    })
    const given = { ...environment, ACCOUNT_PASSWORD: 'a long enough one' }
    const reset = await colophon(['account', 'password', 'grace@example.com', '--json'], {
      environment: given,
    })
    expect(reset).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(reset.stdout)).not.toHaveProperty('password')
    const quiet = await colophon(['account', 'password', 'grace@example.com'], { environment: given })
    expect(quiet).toMatchObject({ code: 0, stderr: '' })
  })

  it('an account gets other roles, which show in the list', async () => {
    const set = await colophon(['account', 'role', 'grace@example.com', 'staff', 'customer'], { environment })
    expect(set.stdout).toMatch(/^\S{36} {2}grace@example\.com {2}(staff,customer|customer,staff) {2}Grace\n$/)
    const { stdout } = await colophon(['account', 'list'], { environment })
    expect(stdout.split('\n')).toContain(set.stdout.trim())
    const token = ['token', '--role', 'customer', '--email', 'grace@example.com', '--expires', '60', '--json']
    const issued = await colophon(token, { environment })
    expect(JSON.parse(issued.stdout)).toMatchObject({ expiresIn: 60 })
    const refused = await colophon(['token', '--role', 'admin', '--email', 'grace@example.com'], {
      environment,
    })
    expect(refused).toMatchObject({ code: 1, stdout: '' })
  })

  it('a forgotten password is replaced, and keys are rotated', async () => {
    const reset = await colophon(['account', 'password', 'ada@example.com'], { environment })
    expect(reset).toMatchObject({ code: 0, stdout: expect.stringContaining('ada@example.com') })
    expect(reset.stderr).toMatch(/^password: \S{29}\n$/)
    const unknown = await colophon(['account', 'password', 'nobody@example.com'], { environment })
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('no such account') })
    const weak = { ...environment, ACCOUNT_PASSWORD: 'short' }
    const refused = await colophon(['account', 'password', 'ada@example.com'], { environment: weak })
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('at least 15') })
    const rotated = await colophon(['keys', 'rotate', '--json'], { environment })
    expect(JSON.parse(rotated.stdout)).toMatchObject({ id: expect.any(String) })
    const again = await colophon(['keys', 'rotate'], { environment })
    expect(again.stdout).toMatch(/^key \S{43} signs from now on\n$/)
  })

  it('what was done to an account on the command line is kept', async () => {
    const { database } = test
    const args = ['token', '--role', 'admin', '--expires', '2592000']
    expect(await colophon(args, { environment })).toMatchObject({ code: 0, stderr: '' })
    const done = await database.query(sql`
      select action, actor, detail from accounts.account_history order by entry desc limit 1`)
    expect(done).toEqual([
      {
        action: 'token_issued',
        actor: 'the command line',
        detail: { roles: ['admin'], expiresIn: 2_592_000 },
      },
    ])
  })

  it('the sample comes, goes, and says how many', async () => {
    const loaded = await colophon(['sample', 'load', '--json'], { environment })
    expect(loaded.code).toBe(0)
    const { inserted } = JSON.parse(loaded.stdout)
    expect(inserted).toBeGreaterThan(900)
    const again = await colophon(['sample', 'load', '--json'], { environment })
    expect(JSON.parse(again.stdout)).toMatchObject({ inserted: 0, unchanged: inserted })
    const first = await stock()
    expect(first.books).toBeGreaterThan(500)
    expect(first.least).toBe(3)
    expect(first.most).toBe(20)
    const removed = await colophon(['sample', 'remove', '--json'], { environment })
    expect(JSON.parse(removed.stdout)).toEqual({ removed: inserted, kept: 0 })
    expect((await stock()).books).toBe(0)
    const back = await colophon(['sample', 'load'], { environment })
    expect(back.stdout).toBe(`${inserted} books added, 0 were there\n`)
    expect(await stock()).toEqual(first)
    expect(await colophon(['stock', 'check'], { environment })).toMatchObject({ code: 0 })
    const stdin = 'isbn,quantity\n9780316015844,5\n'
    const received = await colophon(['stock', 'receive', '-', '--document', '1'], { environment, stdin })
    expect(received.code).toBe(0)
    const gone = await colophon(['sample', 'remove'], { environment })
    expect(gone.stdout).toBe(
      `${inserted - 1} sample books removed; 1 kept, without the sample's prices, ` +
        'since others speak for them too, or have brought copies of them\n',
    )
    const kept = await colophon(['stock', 'show', '9780316015844'], { environment })
    expect(kept).toMatchObject({ code: 0, stdout: expect.stringContaining('on hand') })
  })

  function stock() {
    return test.database.one<{ books: number; least: number; most: number }>(sql`
      select count(*) as books, min(on_hand) as least, max(on_hand) as most from orders.stock where on_hand > 0`)
  }

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

  it('import tells people what it did, and what it would do', async () => {
    const rows = [
      'record,isbn,title,shelf',
      ...Array.from({ length: 8 }, (_, index) => `${index + 1},9.78E+12,Book ${index + 1},A`),
    ]
    const stdin = `${rows.join('\n')}\n`.replace('record,', 'recordId,')
    const args = ['import', '-', '--source', 'spreadsheet']
    const dry = await colophon([...args, '--dry-run'], { environment, stdin })
    expect(dry.stdout).toContain('  dry run: nothing was changed\n')
    const done = await colophon(args, { environment, stdin })
    expect(done.code).toBe(0)
    expect(done.stdout).toContain('8 rows read = 8 inserted + 0 updated + 0 unchanged + 0 refused')
    expect(done.stdout).toContain('columns not used: shelf')
    const warnings = done.stderr.trim().split('\n')
    expect(warnings).toHaveLength(6)
    expect(warnings[0]).toMatch(/^\S+:2: warning: isbn "9\.78E\+12": .+ \[\w+\]$/)
    expect(warnings[5]).toMatch(/3 more warnings \w+; --verbose shows them$/)
    const verbose = await colophon([...args, '--verbose'], { environment, stdin })
    expect(verbose.stdout).toContain('8 rows read = 0 inserted + 0 updated + 8 unchanged + 0 refused')
    expect(verbose.stderr.trim().split('\n')).toHaveLength(8)
  })

  it('import reads a file without a header by --columns', async () => {
    const args = ['import', '-', '--source', 'bare', '--columns', 'isbn, -, title']
    const { code, stdout } = await colophon(args, {
      environment,
      stdin: '9780141439518,x,Pride\n',
      terminal: true,
    })
    expect(code).toBe(0)
    expect(stdout).toContain('without a header')
  })

  it('import of a file that is not there is a failure that names it', async () => {
    const { code, stderr } = await colophon(['import', '/no/such/file.csv'], { environment })
    expect(code).toBe(1)
    expect(stderr).toContain('/no/such/file.csv')
  })
})
