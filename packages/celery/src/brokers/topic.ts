/**
 * Whether a topic exchange sends a message with this routing key to a binding with this pattern: `*` is one word
 * between dots, `#` any number of them.
 * @see https://www.rabbitmq.com/tutorials/tutorial-five-javascript
 */
export function topicMatches(pattern: string, routingKey: string): boolean {
  return matches(words(pattern), 0, words(routingKey), 0)
}

function words(text: string): string[] {
  return text === '' ? [] : text.split('.')
}

function matches(pattern: string[], at: number, key: string[], from: number): boolean {
  for (let index = at; index < pattern.length; index++) {
    const word = pattern[index]
    if (word === '#') return hashMatches(pattern, index + 1, key, from)
    if (from === key.length || (word !== '*' && word !== key[from])) return false
    from++
  }
  return from === key.length
}

function hashMatches(pattern: string[], rest: number, key: string[], from: number): boolean {
  if (rest === pattern.length) return true
  for (let next = from; next <= key.length; next++) if (matches(pattern, rest, key, next)) return true
  return false
}
