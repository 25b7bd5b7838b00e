import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second (`sysconf(_SC_CLK_TCK)`). */
const ticksPerSecond = 100

/** Seconds of CPU time that a process and the children it has now have used. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, member) => sum + ownCpuSeconds(member), 0)
}

/** Resident memory of a process and its children, in megabytes. */
export function residentMb(pid: number): number {
  return family(pid).reduce((sum, member) => {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(read(`/proc/${member}/status`))?.[1] ?? '0'
    return sum + Number(kilobytes) / 1024
  }, 0)
}

function ownCpuSeconds(pid: number): number {
  // The command's name, in brackets, may hold blanks.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond
}

function family(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (name) =>
        read(`/proc/${name}/stat`)
          .replace(/^.*\) /s, '')
          .split(' ')[1] === String(pid),
    )
  return [pid, ...children.flatMap((child) => family(Number(child)))]
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
