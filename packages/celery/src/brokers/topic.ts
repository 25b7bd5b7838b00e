/**
 * Whether a topic exchange sends a message with this routing key to a binding with this pattern: `*` is one word
 * between dots, `#` any number of them. When a word does not fit, the last `#` takes one more: never more than the words
 * of the key times those of the pattern.
 * @see https://www.rabbitmq.com/tutorials/tutorial-five-javascript
 */
export function topicMatches(pattern: string, routingKey: string): boolean {
  const parts = words(pattern)
  const key = words(routingKey)
  let at = 0
  let part = 0
  let hash = -1
  let hashAt = 0
  while (at < key.length) {
    const word = parts[part]
    if (word === '#') {
      hash = part++
      hashAt = at
    } else if (word === '*' || word === key[at]) {
      at++
      part++
    } else if (hash !== -1) {
      part = hash + 1
      at = ++hashAt
    } else return false
  }
  return parts.slice(part).every((rest) => rest === '#')
}

function words(text: string): string[] {
  return text === '' ? [] : text.split('.')
}
