/** For endpoints that do not say how many tokens a reply took: counted as OpenAI's models count. */
import { loadTokenCounter } from '../surface/count-tokens.ts'
import type { Prompt, Reply, Tokens } from './agent.ts'

export async function estimate({ instructions, items, tools }: Prompt, { text, calls }: Pick<Reply, 'text' | 'calls'>): Promise<Tokens> {
  const count = await loadTokenCounter()
  const read = [instructions, JSON.stringify(tools.map(({ definition }) => definition)), ...items.map(item => JSON.stringify(item))]
  return { input: count(read.join('\n')), cached: 0, output: count([text, JSON.stringify(calls)].join('\n')), estimated: true }
}
