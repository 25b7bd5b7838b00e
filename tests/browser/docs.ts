// npm run docs:try -- CHROMIUM [PICTURE]: signs in on /docs in a real browser with POST /api/session, asks who is signed
// in, and takes a picture of the answer. Fails when the answer is not the administrator's account.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { serveColophon } from '../../apps/colophon/test/process.ts'

const [browserName = 'chromium', picture = 'docs-try-it.png'] = process.argv.slice(2)
const admin = { email: 'admin@example.com', password: 'correct horse battery' }

async function tryOut(page: Page, operation: string, body?: object): Promise<string> {
  const block = page.locator(`[id$="-${operation}"]`)
  await block.locator('.opblock-summary-control').click()
  if (body) await block.locator('textarea').first().fill(JSON.stringify(body))
  await block.getByRole('button', { name: 'Execute' }).click()
  const answer = block.locator('.live-responses-table')
  await answer.waitFor()
  await answer.scrollIntoViewIfNeeded()
  return (await answer.textContent()) ?? ''
}

const folder = await mkdtemp(join(tmpdir(), 'colophon-docs-'))
const shop = await serveColophon({ DATABASE_URL: `embedded:${folder}`, ADMIN_PASSWORD: admin.password })
const browser = await chromium.launch({
  executablePath: execFileSync('which', [browserName], { encoding: 'utf8' }).trim(),
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } })
  const refused: string[] = []
  page.on('requestfailed', (request) => refused.push(request.url()))
  page.on('console', (message) => message.type() === 'error' && refused.push(message.text()))
  await page.goto(`${shop.url}/docs`)
  const session = await tryOut(page, 'createSession', admin)
  const me = await tryOut(page, 'getMe')
  await page.screenshot({ path: picture })
  console.log(`POST /api/session:\n${session}\n\nGET /api/accounts/me:\n${me}\n\npicture: ${picture}`)
  if (refused.length > 0) throw new Error(`the browser refused: ${refused.join('; ')}`)
  if (!me.includes(admin.email))
    throw new Error('GET /api/accounts/me did not answer the account that signed in')
} finally {
  await browser.close()
  await shop.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}
