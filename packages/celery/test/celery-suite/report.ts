import { readFile } from 'node:fs/promises'

export interface TestResult {
  /** `t.integration.test_canvas.test_chain::test_simple_chain`. */
  name: string
  outcome: 'passed' | 'failed' | 'skipped'
  message: string
}

/** Reads the JUnit file that pytest writes. A test that passes when it is run again counts once, as passed. */
export async function readReport(file: string): Promise<TestResult[]> {
  const xml = await readFile(file, 'utf8')
  const results = new Map<string, TestResult>()
  for (const [, attributes = '', content = ''] of xml.matchAll(
    /<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    const name = `${attribute(attributes, 'classname')}::${attribute(attributes, 'name')}`
    const [, kind, details = ''] = /<(failure|error|skipped)\b([^>]*)/.exec(content) ?? []
    const outcome = kind === undefined ? 'passed' : kind === 'skipped' ? 'skipped' : 'failed'
    results.set(name, { name, outcome, message: attribute(details, 'message').slice(0, 300) })
  }
  return [...results.values()]
}

function attribute(attributes: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? []
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#10': '\n', '#39': "'" }
  return value.replace(/&(#?\w+);/g, (whole, entity: string) => entities[entity] ?? whole)
}
