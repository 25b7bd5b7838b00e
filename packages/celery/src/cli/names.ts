import { InvalidArgumentError } from 'commander'

/** Reads an option that lists names. */
export function names(text: string): string[] {
  const given = text.split(',').map((name) => name.trim())
  if (given.includes('')) throw new InvalidArgumentError('Names with commas between were expected.')
  return given
}
