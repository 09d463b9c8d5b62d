/** A connection on which nothing has been sent yet. */
import type { Socket } from 'node:net'

export interface Idle {
  /** Nothing was sent by now: throws when the connection was lost, or somebody spoke on it already. From here on it is somebody else's. */
  end(): void
}

/** From now on; whoever calls `end` must listen to the socket in the same turn. */
export function watchIdle(socket: Socket): Idle {
  let lost: Error | undefined
  const lose = (error?: Error) => {
    lost ??= error ?? Object.assign(new Error('the target closed the connection'), { code: 'ECONNRESET' })
  }
  const spoke = () => lose(new Error('the target answered before it was asked'))
  const closed = () => lose()
  socket.on('error', lose).on('end', closed).on('close', closed).on('data', spoke)
  return {
    end: () => {
      socket.off('data', spoke).off('end', closed).off('close', closed)
      if (lost !== undefined) throw lost
    }
  }
}
