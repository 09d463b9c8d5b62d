export const queueName = 'floor-hop'
export const replyQueue = 'amq.rabbitmq.reply-to'
export const queueArguments = { durable: true, arguments: { 'x-queue-type': 'quorum' } }
export const ttlMs = 600_000

/** Claims a key once: 1 when it is ours, else the record that is there. */
export const claimScript = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return redis.call('GET', KEYS[1])`

/** Stores the result over our own claim only. */
export const settleScript = `
local found = redis.call('GET', KEYS[1])
if not found or string.sub(found, 1, string.len(ARGV[1])) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

export const inputSchema = {
  type: 'object',
  required: ['customerId', 'invoice'],
  additionalProperties: false,
  properties: {
    customerId: { type: 'string', pattern: '^C-[0-9]+$' },
    invoice: {
      type: 'object',
      required: ['number', 'amount'],
      additionalProperties: false,
      properties: { number: { type: 'string', maxLength: 64 }, amount: { type: 'number', minimum: 0 } }
    }
  }
}
