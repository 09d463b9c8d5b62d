/** The text of `check --agents`: an action a paragraph, what needs attention below it. */
import type { ActionReport, AgentReport, ProviderReport } from '../surface/lint.ts'

const strictness = { yes: 'strict', no: 'NOT strict', none: '' } as const

export function agentLines({ actions, catalogue }: AgentReport): string {
  const tokens = Object.entries(catalogue.tokens).map(([provider, count]) => `${provider} ${count}`)
  const total = `${catalogue.tools} tools; tokens of all definitions: ${tokens.join(', ')}`
  return `\n${[...actions.flatMap(actionLines), total, ...catalogue.remarks.map(remark => `  ${remark}`)].join('\n')}\n`
}

function actionLines({ action, providers, remarks }: ActionReport): readonly string[] {
  const head = providers.map(({ provider, strict, tokens }) => [provider, strictness[strict], `${tokens} tokens`].filter(Boolean).join(' '))
  return [
    action,
    `  ${head.join(' · ')}`,
    ...providers.flatMap(noteLines),
    ...remarks.map(({ pointer, message }) => `  ${pointer === '' ? '' : `${pointer} `}${message}`),
    ''
  ]
}

/** Keywords that are only said in words are many and need no action: one line for all. */
function noteLines({ provider, notes }: ProviderReport): readonly string[] {
  const worded = [...new Set(notes.filter(({ kind }) => kind === 'worded').map(({ keyword }) => keyword))]
  const others = notes.filter(({ kind }) => kind !== 'worded')
  return [
    ...others.map(({ pointer, did, advice }) => `  ${provider} ${pointer}: ${did}${advice === undefined ? '' : `; ${advice}`}`),
    ...(worded.length === 0 ? [] : [`  ${provider} says in words: ${worded.join(', ')}`])
  ]
}
