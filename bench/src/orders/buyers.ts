// Buyers in a process of their own: arguments are the shop's address, connections, seconds, and of how many books each
// order takes one by chance. Prints how many orders were accepted per second.
import autocannon from 'autocannon'
import { bookId } from './books.ts'
import { sentOrder } from './sent-order.ts'

const [url = '', ...numbers] = process.argv.slice(2)
const [connections = 1, duration = 1, books = 1] = numbers.map(Number)
let sent = 0

function nextOrder() {
  const name = `${process.pid}-${Date.now()}-${sent++}`
  const order = sentOrder(bookId(1 + Math.floor(Math.random() * books)), `buyer-${name}@example.com`)
  return {
    headers: { 'content-type': 'application/json', 'idempotency-key': name },
    body: JSON.stringify(order),
  }
}

const result = await autocannon({
  url,
  connections,
  duration,
  requests: [
    {
      method: 'POST',
      path: '/api/orders',
      setupRequest: (request) => ({ ...request, ...nextOrder() }),
    },
  ],
})
if (result.non2xx > 0 || result.errors > 0) {
  throw new Error(`${result.non2xx} orders refused, ${result.errors} errors`)
}
console.log(result['2xx'] / result.duration)
