import { onTestFinished } from 'vitest'

/** Timers that were given more than Node's can take, and so rang at once: as many as this test has made by now. */
export function watchOverflows(): string[] {
  const overflows: string[] = []
  const onWarning = ({ name, message }: Error) => {
    if (name === 'TimeoutOverflowWarning') overflows.push(message)
  }
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  return overflows
}
