import { InvalidArgumentError } from 'commander'

/** Reads an option that must be a whole number within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`A whole number from ${min} to ${max} was expected.`)
  }
}

/** Reads an option that must be a number of seconds, with or without a fraction. */
export function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('A number of seconds was expected.')
}

/** Reads an option that must be some time, and not none. */
export function someSeconds(text: string): number {
  const value = seconds(text)
  if (value > 0) return value
  throw new InvalidArgumentError('A number of seconds above 0 was expected.')
}
