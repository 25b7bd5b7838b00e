// Writes the settings' table into README.md from the settings themselves (`npm run settings`); `--check` only compares
// (`npm run settings:check`).
import { readFileSync, writeFileSync } from 'node:fs'
import { settings } from '../apps/colophon/src/settings.ts'

const file = new URL('../README.md', import.meta.url)
const readme = readFileSync(file, 'utf8')
const rows = Object.values(settings).map(
  ({ env, help, shown }) => `| \`${env}\` | ${shown || 'none'} | ${help} |`,
)
const table = ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
const updated = readme.replace(/(<!-- settings: [^\n]*-->\n)[\s\S]*?(<!-- \/settings -->)/, `$1${table}\n$2`)

if (process.argv.includes('--check')) {
  if (updated !== readme) {
    console.error('README.md: the settings have changed: run `npm run settings`')
    process.exitCode = 1
  }
} else {
  writeFileSync(file, updated)
}
