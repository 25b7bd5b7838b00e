import { readFileSync } from 'node:fs'
import { type as systemName } from 'node:os'

let version: string | undefined

/** This package's own version. */
export function packageVersion(): string {
  version ??= readVersion()
  return version
}

function readVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}

/** What a worker says of its program in `worker-online` and heartbeats, under Celery's names. */
export function softwareInfo(): { sw_ident: string; sw_ver: string; sw_sys: string } {
  return { sw_ident: 'ts-celery', sw_ver: packageVersion(), sw_sys: systemName() }
}
