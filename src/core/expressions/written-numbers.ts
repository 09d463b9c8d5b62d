/** Numbers that stand in an expression itself. */
import { isExact } from '../decimal.ts'

const texts = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\/\*[\s\S]*?\*\//g
const numbers = /(?<![\w.$])[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/g

/** The first that a double does not keep. */
export const lostNumber = (source: string): string | undefined =>
  source
    .replace(texts, '""')
    .match(numbers)
    ?.find(each => !isExact(each))
