/** What a model takes for its turns, beside the tools. Nothing here is measured: MODEL_SPEED sets what one knows of one's own. */
import type { Cost } from './transcript.ts'

export interface ModelSpeed {
  /** Network, queue and the start of an answer, in each turn. */
  readonly firstTokenMs: number
  readonly readPerSecond: number
  readonly writtenPerSecond: number
}

const order = ['firstTokenMs', 'readPerSecond', 'writtenPerSecond'] as const
/** Round numbers of the order that hosted models show. */
const usual: ModelSpeed = { firstTokenMs: 500, readPerSecond: 5_000, writtenPerSecond: 50 }

export const assumed: ModelSpeed = readSpeed(process.env.MODEL_SPEED)

function readSpeed(text: string | undefined): ModelSpeed {
  if (text === undefined) return usual
  const values = text.split(',').map(Number)
  if (values.length !== order.length || values.some(value => !(value > 0)))
    throw new Error(`MODEL_SPEED is ${order.join(',')}: 500,5000,50`)
  return Object.fromEntries(order.map((name, i) => [name, values[i]])) as unknown as ModelSpeed
}

/** Of one side, in milliseconds. The answer to the user is the same for both and left out. */
export function modelTimes({
  firstTokenMs,
  readPerSecond,
  writtenPerSecond
}: ModelSpeed): Readonly<Record<string, (cost: Cost) => number>> {
  const timed = (read: (cost: Cost) => number) => (cost: Cost) =>
    cost.turns * firstTokenMs + (read(cost) / readPerSecond + cost.calls / writtenPerSecond) * 1_000
  return {
    'with a model of 1,000 ms a turn, whatever it reads': ({ turns }) => turns * 1_000,
    'with a model that caches its prompt: reads all once': timed(({ once }) => once),
    'with a model that reads all again in each turn': timed(({ read }) => read)
  }
}
