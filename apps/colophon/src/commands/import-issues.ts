import type { ImportIssue } from '@colophon/catalog'
import type { Io } from '../io.ts'
import { counted } from './import-counts.ts'
import type { ProgressWriter } from './import-progress.ts'

/** How many warnings of one code are written when not all are asked for. */
const warningsShown = 5

/** Writes what was wrong with rows to standard error: every refusal, and of warnings enough to see what they are. */
export function createIssueWriter(
  io: Io,
  file: string,
  { json, verbose }: { json: boolean; verbose: boolean },
  progress?: Pick<ProgressWriter, 'clear'>,
) {
  const warnings = new Map<string, number>()

  function isShown({ severity, code }: ImportIssue): boolean {
    if (severity === 'refused' || verbose || json) return true
    const count = (warnings.get(code) ?? 0) + 1
    warnings.set(code, count)
    return count <= warningsShown
  }

  return {
    write(issue: ImportIssue): void {
      if (!isShown(issue)) return
      progress?.clear()
      io.stderr.write(`${json ? JSON.stringify(issue) : lineOf(issue, file)}\n`)
    },
    end(): void {
      for (const [code, count] of warnings) {
        if (count <= warningsShown) continue
        io.stderr.write(
          `${file}: ${counted(count - warningsShown, 'more warning')} ${code}; --verbose shows them\n`,
        )
      }
    },
  }
}

/** One issue as compilers write theirs: where, what stands there, what is wrong with it. */
export function lineOf({ line, column, value, code, message, severity }: ImportIssue, file: string): string {
  const what = [column, value === null ? null : JSON.stringify(value)]
    .filter((part) => part !== null)
    .join(' ')
  return `${file}:${line}: ${severity}: ${what === '' ? '' : `${what}: `}${message} [${code}]`
}
