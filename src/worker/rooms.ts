import { type Slots, slots } from '../core/slots.ts'

/** So many runs of each bot at once, wherever they come from. */
export interface Rooms {
  /** Rejects when `signal` ends the wait: nothing has begun. */
  inside(bot: string, signal: AbortSignal, work: () => Promise<void>): Promise<void>
}

export function createRooms(concurrency: (bot: string) => number): Rooms {
  const rooms = new Map<string, Slots>()
  const roomOf = (bot: string): Slots => {
    const room = rooms.get(bot) ?? slots(() => concurrency(bot))
    rooms.set(bot, room)
    return room
  }
  return {
    async inside(bot, signal, work) {
      const room = roomOf(bot)
      if (!(await room.take(signal))) throw new Error('shutting down: the delivery goes back')
      await work().finally(room.free)
    }
  }
}
