import type { Run } from '../core/types.ts'

export interface OwnTimes {
  /** All of `performance.now()`. */
  readonly receivedAt: number
  readonly acceptedAt: number
  readonly now: number
}

/** Every hop in milliseconds; those of the run only when it ran for this call. */
export function serverTiming(run: Run, { receivedAt, acceptedAt, now }: OwnTimes, replayed: boolean): string {
  const hops: [string, number][] = [['accept', acceptedAt - receivedAt], ...(replayed ? [] : runHops(run)), ['total', now - receivedAt]]
  return hops.map(([name, ms]) => `${name};dur=${Math.max(0, ms).toFixed(1)}`).join(', ')
}

function runHops(run: Run): [string, number][] {
  const started = run.history.filter(({ status, effect }) => status === 'working' && effect === 'none').map(({ at }) => at)
  const [first] = started
  const last = started.at(-1)
  if (first === undefined || last === undefined) return []
  const attempt: [string, number][] = run.endedAt === undefined ? [] : [['attempt', run.endedAt - last]]
  return [['queue', first - run.createdAt], ...attempt]
}
