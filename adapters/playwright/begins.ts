/** Whether steps begin at an address: the page that they get is where the last run left it. */
import type { StepSource } from './shape.ts'

export const beginMessage =
  'must begin with goto: the page is where the last run left it, so it may show what another caller looked at; write goto as the first step (or screen: continue, where a wizard goes on)'

/** A condition on the page itself would look at what was left there; a dialog step only prepares an answer. */
export function beginsAtAddress([first, ...rest]: readonly StepSource[]): boolean {
  if (first === undefined) return false
  if (first.goto !== undefined) return true
  if (first.dialog !== undefined) return beginsAtAddress(rest)
  if (first.if === undefined || Object.keys(first.if).some(key => !['that', 'steps', 'else'].includes(key))) return false
  const { steps, else: others } = first.if as { readonly steps: readonly StepSource[]; readonly else?: readonly StepSource[] }
  return beginsAtAddress(steps) && (others === undefined ? beginsAtAddress(rest) : beginsAtAddress(others))
}
