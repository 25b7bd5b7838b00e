// npm run crash [-- ROUNDS]: kills the program and PostgreSQL in turn during writes, 20 times each unless told
// otherwise, and fails when an acknowledged write is not there afterwards.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashRounds } from './rounds.ts'

const rounds = Number(process.argv[2] ?? 20)
const folder = await mkdtemp(join(tmpdir(), 'colophon-crash-'))
const victims = Array.from({ length: rounds }, () => ['program', 'postgres'] as const).flat()
const report = await crashRounds(folder, victims, (line) => console.log(line)).finally(() =>
  rm(folder, { recursive: true, force: true }),
)
console.log(
  `${report.acknowledged} writes acknowledged over ${report.rounds} crashes, ${report.lost.length} lost`,
)
process.exitCode = report.lost.length === 0 ? 0 : 1
