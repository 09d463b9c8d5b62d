/** What a person reads when the system is up: where it is, and calls that work when pasted. */
import type { Settings } from '../config.ts'
import type { Action } from '../core/types.ts'
import type { RunningSandbox } from '../sandboxes.ts'
import type { System } from '../system.ts'

export interface Welcome {
  readonly role: 'up' | 'gateway' | 'worker'
  readonly system: System
  readonly settings: Settings
  readonly sandboxes: readonly RunningSandbox[]
}

export function welcome({ role, system, settings, sandboxes }: Welcome): string {
  const bots = system.catalog.entries().map(({ bot }) => bot)
  const actions = bots.flatMap(bot => bot.actions)
  const lines = ['', system.url === undefined ? `Retrofit ${role} is ready.` : `Retrofit is ready on ${system.url}`, '']
  lines.push(
    `  bots      ${bots.map(({ name, actions: own }) => `${name} (${own.length} actions)`).join(', ') || `none in ${settings.BOTS_DIR}`}`
  )
  for (const { bot, url } of sandboxes) lines.push(`  sandbox   ${bot} on ${url}`)
  for (const { severity, message } of system.notices) lines.push(`  ${severity === 'warning' ? 'WARNING' : 'note'.padEnd(7)}   ${message}`)
  if (system.url !== undefined) lines.push(`  docs      ${system.url}/docs`, `  key       ${shownKey(system, settings)}`)
  if (system.url !== undefined && settings.OIDC_ISSUER !== '') lines.push(`  tokens    of ${settings.OIDC_ISSUER}`)
  if (system.url !== undefined && sandboxes.length > 0) lines.push(...firstCalls(system, actions))
  return `${lines.join('\n')}\n\n`
}

/** A key that an operator has set is not repeated on a screen. */
const shownKey = (system: System, { RETROFIT_ADMIN_KEY }: Settings): string =>
  RETROFIT_ADMIN_KEY === '' ? system.adminKey : 'RETROFIT_ADMIN_KEY, as set'

function firstCalls({ url, adminKey }: System, actions: readonly Action[]): string[] {
  const picked = [
    { title: 'Read a balance off the screen of the branch portal', name: 'teller_get_balance' },
    { title: 'Ask the core banking system over SOAP', name: 'corebank_get_customer' },
    { title: 'Transfer money; send it again and see that it happened once', name: 'teller_transfer' }
  ]
  return picked.flatMap(({ title, name }) => {
    const action = actions.find(one => one.name === name)
    return action?.example === undefined ? [] : ['', `${title}:`, '', curl({ url: url ?? '', key: adminKey, action })]
  })
}

function curl({ url, key, action }: { url: string; key: string; action: Action }): string {
  const body = JSON.stringify(action.example).replaceAll("'", String.raw`'\''`)
  return [
    `  curl -s -i ${url}/v1/actions/${action.name} \\`,
    `    -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\`,
    `    -d '${body}'`
  ].join('\n')
}
