#!/usr/bin/env node
// JavaScript that old versions of Node run as well, so that they say what is needed.
import { existsSync, readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const [major, minor] = process.versions.node.split('.').map(Number)
const [neededMajor, neededMinor] = engines.node.match(/\d+/g).map(Number)

if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) {
  const source = new URL('../src/cli/bin.ts', import.meta.url)
  await import(existsSync(source) ? source.href : new URL('../dist/cli/bin.js', import.meta.url).href)
} else {
  console.error(`colophon-celery: needs Node ${engines.node}, and this is ${process.versions.node}`)
  process.exitCode = 1
}
