export type { ChildServer } from './child-server.ts'
export { startRabbit } from './rabbit.ts'
export { startRedis } from './redis.ts'
