/** What is to be ended when this process ends before its time: `process.exit` waits for nothing. */
const endings = new Set<() => void>()

process.on('exit', () => {
  for (const end of endings) end()
})

/** Returns what takes it back. `end` must not wait for anything. */
export function atExit(end: () => void): () => void {
  endings.add(end)
  return () => endings.delete(end)
}
