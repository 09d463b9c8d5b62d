/** A bot that is served → what it promises its callers. */
import type { Action, Bot } from '../types.ts'
import type { ActionContract, Contract } from './contract.ts'

export const contractOfBot = ({ name, version, actions, schemas = [] }: Bot): Contract => ({
  bot: name,
  version,
  actions: Object.fromEntries(actions.map(action => [action.name.slice(name.length + 1), contractOfAction(action)])),
  shared: new Set(schemas)
})

export function contractOfAction({ errors, session, idempotency, ...action }: Action): ActionContract {
  const declared = Object.entries(errors).map(([code, { data, ...error }]) => [code, { ...error, data: data?.schema }] as const)
  const { title, description, effect, scopes, input, output } = action
  return { title, description, effect, scopes, input, output, idempotency, errors: Object.fromEntries(declared), screen: session?.screen }
}
