/** The text that a person reads when the system is up: where it is, and calls that work when pasted. */
import type { Settings } from '../config.ts'
import { plainJson } from '../core/plain-text.ts'
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
  if (system.url !== undefined && sandboxes.length > 0)
    lines.push(...firstCalls(system.url, { header: headerOf(system, settings), actions }))
  return `${lines.join('\n')}\n\n`
}

/** A key that an operator has set is not repeated on a screen, nor in the log that a service's output becomes. */
const shownKey = (system: System, { RETROFIT_ADMIN_KEY }: Settings): string =>
  RETROFIT_ADMIN_KEY === '' ? system.adminKey : 'RETROFIT_ADMIN_KEY, as set'

/** As a shell takes it; a key that was set is the shell's to put in. */
const headerOf = (system: System, { RETROFIT_ADMIN_KEY }: Settings): string =>
  RETROFIT_ADMIN_KEY === '' ? `'Authorization: Bearer ${system.adminKey}'` : '"Authorization: Bearer $RETROFIT_ADMIN_KEY"'

function firstCalls(url: string, { header, actions }: { header: string; actions: readonly Action[] }): string[] {
  const picked = [
    { title: 'Read a balance off the screen of the branch portal', name: 'teller_get_balance' },
    { title: 'Ask the core banking system over SOAP', name: 'corebank_get_customer' },
    { title: 'Transfer money; send it again and see that it happened once', name: 'teller_transfer' }
  ]
  return picked.flatMap(({ title, name }) => {
    const action = actions.find(one => one.name === name)
    return action?.example === undefined ? [] : ['', `${title}:`, '', curl({ url, header, action })]
  })
}

function curl({ url, header, action }: { url: string; header: string; action: Action }): string {
  const body = plainJson(action.example).replaceAll("'", String.raw`'\''`)
  return [
    `  curl -s -i ${url}/v1/actions/${action.name} \\`,
    `    -H ${header} -H 'Content-Type: application/json' \\`,
    `    -d '${body}'`
  ].join('\n')
}
