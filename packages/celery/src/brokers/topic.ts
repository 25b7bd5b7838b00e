import { anyNumber, fitParts, type Part } from '../protocol/wildcards.ts'

/**
 * Whether a topic exchange sends a message with this routing key to a binding with this pattern: `*` is one word
 * between dots, `#` any number of them.
 * @see https://www.rabbitmq.com/tutorials/tutorial-five-javascript
 */
export function topicMatches(pattern: string, routingKey: string): boolean {
  return fitParts(words(routingKey), words(pattern).map(partOf))
}

function partOf(word: string): Part {
  if (word === '#') return anyNumber
  return word === '*' ? () => true : (other) => other === word
}

function words(text: string): string[] {
  return text === '' ? [] : text.split('.')
}
