import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { colophon, type Running, secretKey, startHere, takePort, urlOf } from './support.ts'

let folder: string
let environment: Record<string, string>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'colophon-start-'))
  environment = { DATABASE_URL: `embedded:${folder}/data`, LOG_LEVEL: 'silent', SAMPLE_CATALOGUE: 'off' }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a taken port', () => {
  const self = `${basename(process.execPath)} (process ${process.pid})`

  it.each([
    ['PORT', 'OPS_PORT'],
    ['OPS_PORT', 'PORT'],
  ])(
    '%s ends the start in one line that says what holds it, before anything is made',
    async (setting, other) => {
      const taken = await takePort()
      const ports = { [setting]: String(taken.port), [other]: '0' }
      const { code, stdout, stderr } = await colophon(['serve'], {
        environment: { ...environment, ...ports },
      })
      await taken.close()
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toContain(
        `colophon: port ${taken.port} on 127.0.0.1 is taken by ${self}: stop it, or start with ${setting}=`,
      )
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect(existsSync(join(folder, 'data'))).toBe(false)
    },
  )

  it('the port that is offered instead is free, as is the one after it', async () => {
    const taken = await takePort()
    const ports = { PORT: String(taken.port) }
    const { stderr } = await colophon(['serve'], { environment: { ...environment, ...ports } })
    const offered = Number(/PORT=(\d+)$/m.exec(stderr)?.[1])
    const both = [await takePort(offered), await takePort(offered + 1)]
    for (const { close } of [taken, ...both]) await close()
    expect(offered).toBeGreaterThan(taken.port)
  })

  it('PORT is named when both are taken', async () => {
    const both = [await takePort(), await takePort()]
    const ports = { PORT: String(both[0]?.port), OPS_PORT: String(both[1]?.port) }
    const { stderr } = await colophon(['serve'], { environment: { ...environment, ...ports } })
    for (const { close } of both) await close()
    expect(stderr).toContain(` port ${ports.PORT} `)
  })

  it('an address that is not here is said in one line that names HOST', async () => {
    const host = { HOST: '203.0.113.1', PORT: '18080' }
    const { code, stderr } = await colophon(['serve'], { environment: { ...environment, ...host } })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'colophon: cannot listen on port 18080 of 203.0.113.1 (EADDRNOTAVAIL): set PORT or HOST to another\n',
    })
  })
})

describe('an address that somebody else has', () => {
  it('is not made the first administrator: the start says what to do, and leaves no password', async () => {
    const create = ['account', 'create', 'admin@example.com', '--role', 'customer']
    expect(await colophon(create, { environment })).toMatchObject({ code: 0 })
    const refused = await colophon(['serve'], { environment: { ...environment, PORT: '0' } })
    const command = 'colophon account role admin@example.com customer admin'
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: `colophon: the account admin@example.com is there and is no admin: set ADMIN_EMAIL to another address, or, if it is yours, give that account the role: ${command}\n`,
    })
    expect(existsSync(join(folder, 'data', 'admin-password'))).toBe(false)

    expect(await colophon(command.split(' ').slice(1), { environment })).toMatchObject({ code: 0 })
    const serving = startHere(['serve'], { environment: { ...environment, PORT: '0' }, terminal: true })
    await ready(serving)
    serving.interrupt()
    expect((await serving.ended).code).toBe(0)
  })
})

async function ready(serving: Running): Promise<void> {
  await expect.poll(serving.stdout, { timeout: 20_000 }).toContain('is ready after')
}

describe('on a terminal', () => {
  it("the first administrator's password is shown once, and everything's place each time", async () => {
    const serve = () => startHere(['serve'], { environment: { ...environment, PORT: '0' }, terminal: true })
    const first = serve()
    await ready(first)
    expect(first.stdout()).toMatch(/ {2}admin {4}admin@example\.com, password \S{29} \(shown this once\)\n/)
    await expect.poll(() => existsSync(join(folder, 'data', 'admin-password'))).toBe(false)
    first.interrupt()
    expect((await first.ended).code).toBe(0)

    const second = serve()
    await ready(second)
    expect(second.stdout()).not.toContain('password')
    const api = /api {6}(http:\S+)/.exec(second.stdout())?.[1] ?? ''
    expect(await (await fetch(api)).json()).toMatchObject({ items: [] })
    second.interrupt()
    expect((await second.ended).code).toBe(0)

    await writeFile(join(folder, 'data', 'secret-key'), 'not a key')
    const damaged = await colophon(['token', '--role', 'admin'], { environment })
    expect(damaged).toMatchObject({ code: 1, stdout: '' })
    expect(damaged.stderr).toContain(`colophon: the file ${folder}/data/secret-key is damaged`)

    await rm(join(folder, 'data', 'secret-key'))
    const lost = await colophon(['token', '--role', 'admin'], { environment })
    expect(lost).toMatchObject({ code: 1, stdout: '' })
    expect(lost.stderr).toContain('run `colophon keys rotate --secret-key-lost`')
    expect(await colophon(['keys', 'rotate', '--secret-key-lost'], { environment })).toMatchObject({
      code: 0,
    })
    expect(await colophon(['token', '--role', 'admin'], { environment })).toMatchObject({ code: 0 })
  })
})

describe('on an external database', () => {
  let test: TestDatabase

  beforeEach(async () => {
    test = await createTestDatabase()
    const own = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey, PAYMENTS_URL: 'sandbox' }
    environment = { ...environment, ...own, PORT: '0' }
  })
  afterEach(() => test.drop())

  const serve = (more: Record<string, string> = {}) =>
    startHere(['serve'], { environment: { ...environment, ...more }, terminal: true })

  async function seen(serving: Running): Promise<string> {
    await ready(serving)
    serving.interrupt()
    const { code, stdout } = await serving.ended
    expect(code).toBe(0)
    return stdout
  }

  it.each([['serve'], ['worker']])(
    '%s does not charge by a sandbox that nobody asked for',
    async (command) => {
      const { code, stdout, stderr } = await colophon([command], {
        environment: { ...environment, PAYMENTS_URL: '' },
      })
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(
        /^colophon: PAYMENTS_URL is not set, .* or to `sandbox`, which moves no money\n$/,
      )
      const tables = await test.database.query(sql`select from pg_namespace where nspname = 'orders'`)
      expect(tables).toEqual([])
    },
  )

  it('a sandbox that is served alone has PORT + 2, and says whose setting it is when it is taken', async () => {
    const taken = await takePort()
    const alone = (port: number) =>
      colophon(['serve', 'payments-sandbox'], { environment: { ...environment, PORT: String(port) } })
    const { code, stderr } = await alone(taken.port - 2)
    await taken.close()
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `colophon: port ${taken.port} on 127.0.0.1 is taken by another program: stop it or set PAYMENTS_SANDBOX_PORT\n`,
    })
    expect(await alone(65_534)).toMatchObject({
      code: 2,
      stderr: 'colophon: PAYMENTS_SANDBOX_PORT is not set, and there is no port 65536: set it\n',
    })
  })

  it('the password of the first administrator is shown by the first start only', async () => {
    expect(await seen(serve())).toMatch(
      / {2}Admin {2}admin@example\.com, password \S{29} \(shown this once\)\n/,
    )
    expect(await seen(serve())).not.toContain('password')
  })

  it("nobody registers the first administrator's address before there is one", async () => {
    const free = await takePort()
    await free.close()
    const port = { PORT: String(free.port), OPS_PORT: '0', ADMIN_EMAIL: 'owner@example.com' }
    const serving = startHere(['serve'], { environment: { ...environment, ...port } })
    const url = `http://127.0.0.1:${free.port}`
    const status = () => fetch(`${url}/readyz`).then((answer) => answer.status, String)
    await expect.poll(status, { timeout: 20_000 }).toBe(200)
    const registered = await fetch(`${url}/api/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'Owner@example.com', password: 'correct horse', name: 'Eve' }),
    })
    expect([registered.status, await registered.json()]).toMatchObject([409, { code: 'email_taken' }])
    serving.interrupt()
    expect((await serving.ended).code).toBe(0)
    expect(await seen(serve(port))).toMatch(/ {2}Admin {2}owner@example\.com, password \S{29} /)
  })

  it('ADMIN_PASSWORD is used and not shown; the sample comes when it is asked for, and once', async () => {
    const more = { ADMIN_PASSWORD: 'correct horse battery', SAMPLE_CATALOGUE: 'on' }
    const first = await seen(serve(more))
    expect(first).toContain('admin@example.com, with ADMIN_PASSWORD')
    expect(first).not.toContain(more.ADMIN_PASSWORD)
    const removed = await colophon(['sample', 'remove', '--json'], { environment })
    expect(JSON.parse(removed.stdout).removed).toBeGreaterThan(900)
    await seen(serve(more))
    const again = await colophon(['sample', 'remove', '--json'], { environment })
    expect(JSON.parse(again.stdout)).toEqual({ removed: 0, kept: 0 })
  })
})
