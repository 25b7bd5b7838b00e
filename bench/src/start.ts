import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { shown, spread } from './figures.ts'
import { startFile, startShop } from './programs.ts'
import type { Report } from './report.ts'

const rounds = 5

/** From the start of the process to its being ready, on a data folder that is there: as a multiple of Node's own start. */
export async function start(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-bench-'))
  const first = await startShop({}, folder)
  await first.stop()
  const ratios: number[] = []
  const seconds: number[] = []
  for (let round = 0; round < rounds; round++) {
    const shop = await startShop({}, folder)
    await shop.stop()
    seconds.push(shop.readyMs / 1000)
    ratios.push(shop.readyMs / (await timeNode()))
  }
  await rm(folder, { recursive: true, force: true })
  const ready = spread(seconds)
  return {
    name: 'start',
    what: 'a second start of the shop, from the process to ready, PostgreSQL included; as a multiple of an empty Node program',
    wanted: 'under 3 s',
    met: ready.median < 3,
    figures: { seconds: ready, ratio: spread(ratios), firstSeconds: first.readyMs / 1000 },
    lines: [
      `${shown(ready)} s, ${shown(spread(ratios), 1)} times an empty program; the first start, with its cluster and sample, ${(first.readyMs / 1000).toFixed(1)} s`,
    ],
  }
}

async function timeNode(): Promise<number> {
  const began = performance.now()
  await once(spawn(process.execPath, ['--eval', '0'], { stdio: 'ignore' }), 'exit')
  return performance.now() - began
}

/** Resident memory of the shop's process, idle and after load, as a multiple of the bare server's. */
export async function memory(): Promise<Report> {
  const shop = await startShop()
  const bare = await startFile('bare-server.ts', shop.folder)
  try {
    const idle = residentMb(shop.pid)
    const words = ['love', 'tolkien', 'harry pot', 'the', 'mistery', 'a']
    const requests = words.map((word) => ({
      path: `/api/books?q=${encodeURIComponent(word)}&facets=language`,
    }))
    await autocannon({ url: shop.url, connections: 50, duration: 15, requests })
    const loaded = residentMb(shop.pid)
    const ratio = loaded / residentMb(bare.pid)
    return {
      name: 'memory',
      what: "resident memory of the shop's process (PostgreSQL is apart): idle, and after 15 s of 50 clients searching; as a multiple of the bare server's",
      figures: { idleMb: idle, loadedMb: loaded, ratio },
      lines: [`idle ${idle} MB, loaded ${loaded} MB, ${ratio.toFixed(1)} times the bare server`],
    }
  } finally {
    await bare.stop()
    await shop.stop()
  }
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
