/** The legacy system of a world, one for each adapter: its manifest with short times, its calls, its effect ledger. */
import { join } from 'node:path'
import { type Effect, readEffects } from '../../bots/sandbox.ts'
import type { FaultsNow, Site } from '../e2e/site.ts'
import type { Env } from './part.ts'

export type AdapterName = 'echo' | 'soap' | 'playwright'
export const adapterNames: readonly AdapterName[] = ['echo', 'soap', 'playwright']

/** How an action is meant to go wrong. `late`: an error after the effect; `blind`: the same, and no probe; `weak`: the same, and its probe is weak. `slow`: it takes a while. `brief`: its record expires at once. */
export type Variant = 'plain' | 'late' | 'blind' | 'weak' | 'slow' | 'brief'

export interface FaultyTarget {
  readonly bot: string
  effects(): readonly Effect[]
  /** Undefined for echo, which has no process of its own. */
  readonly faults: ((changes: object) => Promise<FaultsNow>) | undefined
  readonly env: Env
  action(variant: Variant): string
  input(reference: string): Readonly<Record<string, unknown>>
  /** What a person would enter who found the effect. */
  readonly output: (reference: string) => object
}

export const settleMs = 300

export const allVariants: readonly Variant[] = ['plain', 'late', 'blind', 'weak', 'slow', 'brief']

/** Where it is opened: what a manifest does not hold needs not be read at each start. */
interface Opening {
  readonly notify: string
  readonly variants: readonly Variant[]
}

type Open = (site: Site, opening: Opening) => Promise<FaultyTarget>

export const openTarget: Readonly<Record<AdapterName, Open>> = {
  echo: async (site, { variants }) => {
    const ledger = join(site.dataDir, 'echo.ledger.jsonl')
    site.addBot('echo', echoManifest(variants))
    return {
      bot: 'echo',
      effects: () => readEffects(ledger),
      faults: undefined,
      env: { BOT_ECHO_LEDGER: ledger },
      action: variant => (variant === 'plain' ? 'echo_pay' : `echo_pay_${variant}`),
      input: reference => ({ reference, amount: 1 }),
      output: reference => ({ reference, amount: 1 })
    }
  },
  soap: async (site, { notify, variants }) => {
    site.copyBot('corebank', source => withVariants(onlyLast(quick(source), 'post_payment'), { name: 'post_payment', variants }))
    const target = await site.startTarget('corebank', notifying(notify))
    return {
      bot: 'corebank',
      effects: target.effects,
      faults: target.faults,
      env: { COREBANK_URL: target.url },
      action: variant => (['blind', 'weak', 'brief'].includes(variant) ? `corebank_post_payment_${variant}` : 'corebank_post_payment'),
      input: reference => ({
        from_account: '4010002001',
        to_account: '4010001001',
        amount: 0.01,
        currency: 'EUR',
        value_date: '2025-03-31',
        reference
      }),
      output: () => ({ confirmation: 'CB1', posted_at: '2025-03-31T00:00:00Z', new_balance: 1, currency: 'EUR' })
    }
  },
  playwright: async (site, { notify }) => {
    site.copyBot('teller', source => patient(quick(source)))
    const target = await site.startTarget('teller', notifying(notify))
    return {
      bot: 'teller',
      effects: target.effects,
      faults: target.faults,
      env: { TELLER_URL: target.url },
      action: () => 'teller_transfer',
      input: reference => ({ from: '40068001', to: '40012345', amount: 0.01, reference }),
      output: () => ({ confirmation: 'CN1' })
    }
  }
}

const notifying = (url: string): Env => (url === '' ? {} : { NOTIFY: url })

const quick = (source: string): string => source.replaceAll(/settle: \d+s/g, `settle: ${settleMs}ms`)

/** A busy machine takes longer for a page than people do; a page that failed shows nothing, however long one looks. */
const patient = (source: string): string =>
  source
    .replace('\ntarget:\n', '\ntarget:\n  timeout: 40s\n')
    .replace('\n  transfer:\n', '\n  transfer:\n    timeouts: { run: 5m }\n')
    .replace(/(\n {2}transfer:[\s\S]*?\n {6}- )extract:/, '$1timeout: 3s\n        extract:')

/** Without the actions before it. */
const onlyLast = (source: string, name: string): string =>
  `${source.slice(0, source.indexOf('\nactions:\n'))}\nactions:${source.slice(source.indexOf(`\n  ${name}:`))}`

/** The same action once more for each: without its probe, with a probe that is declared weak, with a record that expires at once. */
function withVariants(source: string, { name, variants }: { readonly name: string; readonly variants: readonly Variant[] }): string {
  const start = source.indexOf(`\n  ${name}:`)
  // Its last action, so it goes to the end. YAML anchors may be set again.
  const block = source.slice(start)
  const changes: Partial<Record<Variant, (text: string) => string>> = {
    blind: text => text.replace(/\n {4}probe:\n(?: {6}.*\n)+/, '\n'),
    weak: text => text.replace('\n    probe:\n', '\n    probe:\n      weak: true\n'),
    brief: text => text.replace(/ttl: \w+/, 'ttl: 200ms')
  }
  const more = variants.flatMap(variant => {
    const changed = changes[variant]?.(block)
    return changed === undefined ? [] : [changed.replace(`\n  ${name}:`, `\n  ${name}_${variant}:`).trimEnd()]
  })
  return `${source.trimEnd()}${more.join('')}\n`
}

const echoAction = (name: string, more: string): string => `
  ${name}:
    title: Pay
    description: Pays. For the fault campaign only.
    effect: irreversible
    scopes: [payments:write]
    commit: true
    delay: 5ms
    settle: ${settleMs}ms
    idempotency: { key: [reference], ttl: 1d }
    input:
      type: object
      required: [reference, amount]
      additionalProperties: false
      properties:
        reference: { type: string, description: Of the payment }
        amount: { type: number, description: How much }
    output: { type: object }
    example: { reference: R-1, amount: 1 }${more}`

const echoActions: Readonly<Record<Variant, string>> = {
  plain: echoAction('pay', '\n    probe: {}'),
  late: echoAction('pay_late', '\n    probe: {}\n    fail: { times: 1, when: after }'),
  blind: echoAction('pay_blind', '\n    fail: { times: 1, when: after }'),
  weak: echoAction('pay_weak', '\n    probe: { weak: true }\n    fail: { times: 1, when: after }'),
  brief: echoAction('pay_brief', '\n    probe: {}').replace('ttl: 1d', 'ttl: 200ms'),
  slow: echoAction('pay_slow', '\n    probe: {}').replace('delay: 5ms', 'delay: 400ms')
}

const echoManifest = (variants: readonly Variant[]): string => `bot: echo
version: 1.0.0
title: Echo with a ledger
description: Pays into a file. For the fault campaign only.
owner: tests@retrofit.example
adapter: echo
env: [BOT_ECHO_LEDGER]
target:
  url: http://127.0.0.1:9
  ledger: "{{ env.BOT_ECHO_LEDGER }}"
actions:${variants.map(variant => echoActions[variant]).join('')}
`
