import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runColophon, type Served, serveColophon, spawnColophon } from './process.ts'
import { takePort } from './support.ts'

let folder: string
let environment: Record<string, string>
let served: Served | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'colophon-serve-'))
  environment = { DATABASE_URL: `embedded:${folder}/data` }
})
afterEach(async () => {
  if (served?.child.exitCode === null && served.child.signalCode === null) await served.end('SIGTERM')
  served = undefined
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<Served> {
  served = await serveColophon(environment)
  return served
}

const loginWith = (url: string, password: string) =>
  fetch(`${url}/api/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@example.com', password }),
  })

it('every start says how the first administrator signs in, until the file with the password is deleted', async () => {
  const shop = await start()
  const file = join(folder, 'data', 'admin-password')
  expect(shop.lines.at(-1)).toContain(file)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const password = (await readFile(file, 'utf8')).trim()
  expect((await loginWith(shop.url, password)).status).toBe(200)
  expect(shop.lines.join('\n')).not.toContain(password)
  expect(await shop.end('SIGTERM')).toBe(0)
  const again = await start()
  expect(again.lines.at(-1)).toContain(`admin@example.com, its first password is in ${file}`)
  expect((await loginWith(again.url, password)).status).toBe(200)
  expect(await again.end('SIGTERM')).toBe(0)
  await rm(file)
  expect((await start()).lines.at(-1)).not.toContain('admin@example.com')
})

it('Ctrl-C, sent to the whole group and more than once, lets a request in flight finish and stops cleanly', async () => {
  const shop = await start()
  const login = request(`${shop.url}/api/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', expect: '100-continue' },
  })
  login.flushHeaders()
  await once(login, 'continue')
  const exited = once(shop.child, 'exit')
  const group = -(shop.child.pid ?? 0)
  for (let times = 0; times < 3; times++) process.kill(group, 'SIGINT')
  await expect
    .poll(() => fetch(`${shop.url}/healthz`).catch(() => 'closed'), { timeout: 10_000 })
    .toBe('closed')
  login.end(JSON.stringify({ email: 'nobody@example.com', password: 'whatever it is' }))
  const [response] = await once(login, 'response')
  expect(response.statusCode).toBe(401)
  expect(await exited).toEqual([0, null])
  expect(shop.lines.at(-1)).toContain('stopped')
  expect(shop.lines.join('\n')).not.toMatch(/"level":"(error|fatal)"/)
})

it('a data folder that a shop holds ends the start in one line that says so', async () => {
  const shop = await start()
  const { code, output } = await runColophon(['serve'], { ...environment, PORT: '0' })
  expect(code).toBe(1)
  expect(output.trim().split('\n')).toHaveLength(1)
  for (const named of [join(folder, 'data'), 'colophon serve', String(shop.child.pid)]) {
    expect(output).toContain(named)
  }
})

it('a port that a Colophon has ends the start in one line that says so, before anything is made', async () => {
  const shop = await start()
  const { code, output } = await runColophon(['serve'], {
    DATABASE_URL: `embedded:${folder}/second`,
    PORT: new URL(shop.url).port,
    OPS_PORT: '0',
  })
  expect(code).toBe(1)
  expect(output).toMatch(
    new RegExp(
      `^colophon: port \\d+ on 127.0.0.1 is taken by a Colophon already running there \\(process ${shop.child.pid}\\): ` +
        'use it, stop it, or start another shop in another folder with PORT=\\d+\n$',
    ),
  )
  expect(existsSync(join(folder, 'second'))).toBe(false)
})

it('commands work beside the shop and without it', async () => {
  const shop = await start()
  const beside = await runColophon(['token', '--role', 'admin'], environment)
  expect(beside.code).toBe(0)
  const me = await fetch(`${shop.url}/api/accounts/me`, {
    headers: { authorization: `Bearer ${beside.output.trim()}` },
  })
  expect(me.status).toBe(200)
  await shop.end('SIGTERM')
  const alone = await runColophon(['account', 'list', '--json'], environment)
  expect(alone.code).toBe(0)
  expect(JSON.parse(alone.output)).toMatchObject({ email: 'admin@example.com', roles: ['admin'] })
})

it('a data folder whose secret key is damaged ends the start, and nothing is left running', async () => {
  const shop = await start()
  await shop.end('SIGTERM')
  await writeFile(join(folder, 'data', 'secret-key'), 'not a key')
  const ended = await runColophon(['serve'], { ...environment, PORT: '0' })
  expect(ended.code).toBe(1)
  const file = join(folder, 'data', 'secret-key')
  expect(ended.output.trim().split('\n').at(-1)).toContain(`colophon: the file ${file} is damaged`)
})

it('a port that is taken while the shop is made ends the start, and the administrator made by then is not lost', async () => {
  const free = await takePort()
  await free.close()
  const ports = { PORT: String(free.port), OPS_PORT: '0' }
  const child = spawnColophon(['serve'], { ...environment, ...ports, SAMPLE_CATALOGUE: 'off' })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk))
  const closed = once(child, 'close')
  // The port was tried before, and it is listened on long after.
  await expect.poll(() => existsSync(join(folder, 'data')), { timeout: 10_000, interval: 5 }).toBe(true)
  const taken = await takePort(free.port)
  expect(await closed).toEqual([1, null])
  await taken.close()
  const said = Buffer.concat(output).toString().trim().split('\n').at(-1)
  expect(said).toMatch(new RegExp(`^colophon: port ${free.port} on 127.0.0.1 is taken`))
  const password = (await readFile(join(folder, 'data', 'admin-password'), 'utf8')).trim()
  const shop = await start()
  expect((await loginWith(shop.url, password)).status).toBe(200)
})

it('an import of standard input ends on Ctrl-C', async () => {
  const child = spawnColophon(['import', '-', '--source', 'test'], environment, 'pipe')
  const exited = once(child, 'exit')
  child.stdin?.write('recordId,title\n1,A Book\n')
  const token = () => runColophon(['account', 'list'], environment)
  await expect.poll(async () => (await token()).code, { timeout: 20_000 }).toBe(0)
  child.kill('SIGINT')
  expect(await exited).toEqual([1, null])
})
