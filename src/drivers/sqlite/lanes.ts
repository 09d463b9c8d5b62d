/** Two lines for each bot: what is urgent goes first, but of three turns one is left to the others, so that nobody waits for ever. */
import type { Message } from '../../core/ports.ts'
import type { Claim, Line } from './line.ts'

export interface Lanes {
  /** The line that a message stands in. */
  of(message: Pick<Message, 'bot' | 'priority'>): Line
  take(bot: string, limit: number): readonly Claim[]
  /** There may be rows from anybody. */
  announce(bot: string): void
  /** Whether a message may be handed on without passing over one that waits. */
  isNext(message: Message): boolean
  depth(bot: string): { readonly messages: number; readonly oldestMs?: number }
}

/** The name under which the rows of a lane stand; no bot's name holds `#`. */
export const laneOf = ({ bot, priority }: Pick<Message, 'bot' | 'priority'>): string => (priority === 'high' ? `${bot}#high` : bot)

const turns = 3

export function lanes(line: (lane: string) => Line): Lanes {
  const taken = new Map<string, number>()
  const urgentOf = (bot: string): Line => line(laneOf({ bot, priority: 'high' }))

  function take(bot: string, limit: number): readonly Claim[] {
    const [urgent, others] = [urgentOf(bot), line(bot)]
    const claims: Claim[] = []
    while (claims.length < limit) {
      if (urgent.isEmpty()) return [...claims, ...others.take(limit - claims.length)]
      const turn = (taken.get(bot) ?? 0) + 1
      const [first, second] = turn % turns === 0 ? [others, urgent] : [urgent, others]
      const claim = first.take(1)[0] ?? second.take(1)[0]
      if (claim === undefined) break
      claims.push(claim)
      taken.set(bot, turn)
    }
    return claims
  }

  return {
    of: message => line(laneOf(message)),
    take,
    announce(bot) {
      urgentOf(bot).announce()
      line(bot).announce()
    },
    isNext: ({ bot, priority }) => urgentOf(bot).isEmpty() && (priority === 'high' || line(bot).isEmpty()),
    depth(bot) {
      const [urgent, others] = [urgentOf(bot).depth(), line(bot).depth()]
      const ages = [urgent.oldestMs, others.oldestMs].filter(age => age !== undefined)
      return { messages: urgent.messages + others.messages, ...(ages.length > 0 && { oldestMs: Math.max(...ages) }) }
    }
  }
}
