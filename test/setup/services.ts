export type { ChildServer } from './child-server.ts'
export { type RabbitServer, startRabbit } from './rabbit.ts'
export { startRedis } from './redis.ts'
