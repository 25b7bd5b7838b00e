/** Does it so often, after a tenth of that to warm up, and prints the seconds of CPU time and of the clock. */
export async function timed(count: number, atOnce: number, send: () => Promise<unknown>): Promise<void> {
  await repeat(Math.ceil(count / 10), atOnce, send)
  const cpu = process.cpuUsage()
  const clock = performance.now()
  await repeat(count, atOnce, send)
  const seconds = (performance.now() - clock) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  console.log((user + system) / 1e6, seconds)
}

async function repeat(count: number, atOnce: number, send: () => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= atOnce) {
    if (atOnce === 1) await send()
    else await Promise.all(Array.from({ length: Math.min(atOnce, left) }, send))
  }
}
