// The bare limit for reading a book by its id: node:http and pg, the same prepared statement, nothing else.
// Argument: the data folder of a running shop. Prints its port.
import { createServer } from 'node:http'
import { attachEmbedded } from '@colophon/postgres'
import pg from 'pg'
import { bookById } from '../../services/catalog/src/books/read-books.ts'

const [folder = ''] = process.argv.slice(2)
const embedded = await attachEmbedded({ folder, application: 'bare server' })
const pool = new pg.Pool({ ...embedded.connection, max: 10 })
const statement = bookById('', { currency: 'EUR', today: new Date().toISOString().slice(0, 10) })
const { text } = statement
const view = statement.values.slice(0, -1)

const server = createServer(async (request, response) => {
  const id = request.url?.slice('/api/books/'.length) ?? ''
  const { rows } = await pool.query({ name: 'book', text, values: [...view, id] })
  const body = JSON.stringify(rows[0])
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' ? address?.port : address)
})
process.on('SIGTERM', async () => {
  server.close()
  server.closeAllConnections()
  await pool.end()
  await embedded.release()
})
