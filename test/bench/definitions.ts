/** What the sample bots' tools cost a model in each turn, against the same tools written by hand. */
import type { JsonObject } from '../../src/core/types.ts'
import { compileTool } from '../../src/surface/compile-tool.ts'
import { loadTokenCounter } from '../../src/surface/count-tokens.ts'
import { dialects } from '../../src/surface/dialect.ts'
import { sampleActions } from '../surface/actions.ts'
import { printTable, rounded } from './figures.ts'
import { handWritten } from './hand-written.ts'

export async function benchDefinitions(): Promise<object> {
  const count = await loadTokenCounter()
  const modes = dialects.flatMap(format =>
    (format === 'gemini' || format === 'mcp' ? [false] : [false, true]).map(strict => ({ format, strict }))
  )
  const rows = modes.map(({ format, strict }) => {
    const costs = sampleActions.map(action => {
      // What hosts keep for themselves reaches no model.
      const { annotations: _, title: __, outputSchema: ___, ...read } = compileTool(action, format, { strict }).definition as JsonObject
      return { ours: count(JSON.stringify(read)), byHand: count(JSON.stringify(handWritten(action, format))) }
    })
    const [ours, byHand] = [costs.reduce((sum, one) => sum + one.ours, 0), costs.reduce((sum, one) => sum + one.byHand, 0)]
    const most = Math.max(...costs.map(one => one.ours / one.byHand))
    return { format: strict ? `${format} strict` : format, ours, byHand, times: rounded(ours / byHand, 2), most: rounded(most, 2) }
  })
  printTable(
    `Tokens of the definitions of ${sampleActions.length} sample actions (o200k; target: at most 1.5 x)`,
    ['', 'Retrofit', 'by hand, minimal', 'times', 'worst tool'],
    rows.map(({ format, ours, byHand, times, most }) => [format, ours, byHand, times, most])
  )
  return rows
}
