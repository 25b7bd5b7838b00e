// npm run flower:try -- PYTHON_BIN CHROMIUM [FOLDER]: our worker in the real Flower, in a real browser, on RabbitMQ
// and on Redis (TEST_AMQP_URL, TEST_REDIS_URL): it is online, its tasks have names, arguments, results and run times, a
// task is revoked and the worker shut down by Flower's buttons. Pictures go to FOLDER. Fails when Flower shows otherwise.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { freePort } from '../../testing/free-port.ts'
import { createVirtualHost } from '../control/support/virtual-host.ts'

const [python = '', browserName = 'chromium', folder = '.'] = process.argv.slice(2)
const { TEST_AMQP_URL, TEST_REDIS_URL } = process.env
if (!python || !TEST_AMQP_URL || !TEST_REDIS_URL) {
  console.error(
    'usage: TEST_AMQP_URL=... TEST_REDIS_URL=... npm run flower:try -- PYTHON_BIN CHROMIUM [FOLDER]',
  )
  process.exit(2)
}
const command = join(import.meta.dirname, '../../src/cli/bin.ts')
const children = new Set<ChildProcess>()

function run(program: string, args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(program, args, {
    cwd: import.meta.dirname,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Resolves when the check no longer throws; throws its last error after 30 seconds. */
async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const end = Date.now() + 30_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

async function open(page: Page, url: string, ...texts: (string | RegExp)[]): Promise<void> {
  await eventually(async () => {
    await page.goto(url)
    for (const text of texts) await page.getByText(text).first().waitFor({ timeout: 2_000 })
  })
}

/** A task is over with the right values, one has failed, and one runs; each on a page of its own. */
async function lookAtTasks(page: Page, base: string, picture: (name: string) => Promise<unknown>, ids: Ids) {
  await open(page, `${base}/tasks`, 'shop.add', 'shop.decline', 'shop.wait')
  await picture('tasks')
  await open(
    page,
    `${base}/task/${ids.add}`,
    'shop.add',
    'SUCCESS',
    "{'x': 2, 'y': 40}",
    /^42$/,
    /^\s*\d+\.\d+ m?s\s*$/,
  )
  await picture('task')
  await open(page, `${base}/task/${ids.decline}`, 'FAILURE', "ValueError('the card was declined')")
  await picture('failed-task')
}

interface Ids {
  add: string
  decline: string
  wait: string
}

function call(env: Record<string, string>, ...args: string[]): string {
  const options = [command, '--app', 'app.ts', '--loglevel', 'error', 'call', ...args]
  return execFileSync(process.execPath, options, {
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  }).trim()
}

async function tryOut(browser: Browser, broker: string, env: Record<string, string>): Promise<void> {
  const worker = run(
    process.execPath,
    [command, '--app', 'app.ts', 'worker', '--hostname', 'shop@%h', '--task-events'],
    env,
  )
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const flower = run(
    join(python, 'celery'),
    ['-A', 'flower_app', 'flower', '--address=127.0.0.1', `--port=${port}`],
    {
      ...env,
      FLOWER_UNAUTHENTICATED_API: 'true',
    },
  )
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  page.on('dialog', (dialog) => dialog.accept())
  const picture = (name: string) => page.screenshot({ path: join(folder, `flower-${broker}-${name}.png`) })

  await open(page, `${base}/workers`, /shop@/, 'Online')
  const ids: Ids = {
    add: call(env, 'shop.add', '--kwargs', '{"x": 2, "y": 40}'),
    decline: call(env, 'shop.decline'),
    wait: call(env, 'shop.wait'),
  }
  await lookAtTasks(page, base, picture, ids)

  await open(page, `${base}/task/${ids.wait}`, 'STARTED')
  await page.getByRole('button', { name: /terminate/i }).click()
  await open(page, `${base}/task/${ids.wait}`, 'REVOKED')
  await picture('revoked-task')

  await open(page, `${base}/workers`, /shop@/, 'Online')
  await picture('workers')
  await page.getByRole('link', { name: /shop@/ }).first().click()
  await page.getByRole('heading', { name: 'Worker pool options' }).waitFor()
  await picture('worker')
  const exited = once(worker, 'exit')
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('button', { name: 'Shut Down' }).click()
  const confirm = page.getByRole('button', { name: /confirm|shut ?down/i }).last()
  if (await confirm.isVisible()) await confirm.click()
  const [code] = await exited
  if (code !== 0) throw new Error(`the worker ended with ${code} after Flower shut it down`)
  await open(page, `${base}/workers`, /shop@/, 'Offline')
  await picture('shut-down')
  await page.close()
  flower.kill()
  console.log(`Flower on ${broker}: online, tasks, failure, revoke and shutdown by its pages`)
}

await mkdir(folder, { recursive: true })
const executablePath = execFileSync('which', [browserName], { encoding: 'utf8' }).trim()
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const host = await createVirtualHost(TEST_AMQP_URL)
try {
  const prefix = `flower-${randomUUID()}:`
  // Python has the prefix as an option of its app, TypeScript as one of the URL.
  const results = `${TEST_REDIS_URL}?global_keyprefix=${prefix}`
  const both = { FLOWER_RESULTS: results, PYTHON_RESULTS: TEST_REDIS_URL, FLOWER_PREFIX: prefix }
  await tryOut(browser, 'rabbitmq', { ...both, FLOWER_BROKER: host.url, PYTHON_BROKER: host.url })
  await tryOut(browser, 'redis', { ...both, FLOWER_BROKER: results, PYTHON_BROKER: TEST_REDIS_URL })
} finally {
  await browser.close()
  for (const child of children) child.kill()
  await host.drop()
}
