// The cases in Fastify with schemas for what comes in and what goes out.
'use strict'

const { setImmediate: turn } = require('node:timers/promises')
const app = require('fastify')({ logger: false })

const message = {
  response: { 200: { type: 'object', properties: { message: { type: 'string' } } } }
}
const hello = async () => ({ message: 'Hello, World!' })
app.get('/hello', { schema: message }, hello)

const tags = { type: 'array', items: { type: 'string' }, default: [] }
const item = {
  params: { type: 'object', properties: { item_id: { type: 'integer' } } },
  body: {
    type: 'object',
    required: ['name', 'price', 'quantity'],
    properties: {
      name: { type: 'string', minLength: 2, maxLength: 100 },
      price: { type: 'number', exclusiveMinimum: 0 },
      quantity: { type: 'integer', minimum: 1, maximum: 1000 },
      tags
    }
  },
  response: {
    201: {
      type: 'object',
      properties: {
        id: { type: 'integer' },
        name: { type: 'string' },
        price: { type: 'number' },
        quantity: { type: 'integer' },
        tags,
        total: { type: 'number' }
      }
    }
  }
}
app.post('/items/:item_id', { schema: item }, async (request, reply) => {
  const { name, price, quantity, tags } = request.body
  reply.code(201)
  return { id: request.params.item_id, name, price, quantity, tags, total: price * quantity }
})

app.get('/tokens', async (request, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let index = 0; index < 100; index++) {
    await turn()
    reply.raw.write(`data: ${JSON.stringify({ index, text: 'word ' })}\n\n`)
  }
  reply.raw.end()
})

const section = {
  params: { type: 'object', properties: { item_id: { type: 'integer' } } },
  response: {
    200: {
      type: 'object',
      properties: { section: { type: 'integer' }, item: { type: 'integer' } }
    }
  }
}
for (let number = 0; number < Number(process.env.BENCH_ROUTES || 0); number++) {
  app.get(`/section${number}/:item_id`, { schema: section }, async (request) => ({
    section: number,
    item: request.params.item_id
  }))
}

app.listen({ host: '127.0.0.1', port: Number(process.env.BENCH_PORT) })
