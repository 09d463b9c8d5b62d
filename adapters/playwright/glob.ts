/** An address pattern: `*` stands for anything. In linear time, because a part of it may come from a caller. */
import { compilePattern } from '../../src/index.ts'

export function compileGlob(glob: string): (text: string) => boolean {
  const literals = glob.split(/\*+/).map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = compilePattern(`^${literals.join('.*')}$`)
  return text => pattern.test(text)
}
