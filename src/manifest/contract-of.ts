/** A manifest → what it promises its callers. Mistakes elsewhere in it do not matter. */
import { parse } from 'yaml'
import type { ActionContract, Contract, ErrorContract } from '../core/contract/contract.ts'
import { durationMs } from '../core/duration.ts'
import { newAjv } from '../core/schema.ts'
import type { ActionEffect, Json, JsonObject } from '../core/types.ts'
import { isObject } from './schema-walk.ts'
import { createSharedSchemas } from './shared-schemas.ts'

/** Throws when the text is no YAML. */
export const contractOfSource = (source: string): Contract => contractOf(parse(source, { maxAliasCount: 10_000 }) as Json)

export function contractOf(raw: Json): Contract {
  const bot = mapOf(raw)
  const shared = createSharedSchemas(bot, newAjv())
  const actions = Object.entries(mapOf(bot.actions)).map(
    ([name, action]) => [name, actionContract(mapOf(shared.linkAction(action)))] as const
  )
  return {
    bot: text(bot.bot),
    version: text(bot.version),
    actions: Object.fromEntries(actions),
    shared: new Set(Object.keys(shared.all))
  }
}

const mapOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const text = (value: Json | undefined): string => (value === undefined || value === null ? '' : String(value))
const texts = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

function actionContract(action: JsonObject): ActionContract {
  const idempotency = mapOf(action.idempotency)
  return {
    title: text(action.title),
    description: text(action.description),
    effect: text(action.effect) as ActionEffect,
    scopes: texts(action.scopes),
    input: mapOf(action.input),
    output: mapOf(action.output),
    errors: Object.fromEntries(Object.entries(mapOf(action.errors)).map(([code, error]) => [code, errorContract(mapOf(error))])),
    idempotency: { key: idempotency.key === undefined ? undefined : texts(idempotency.key), ttlMs: ttlMs(idempotency.ttl) },
    screen: action.screen === undefined ? undefined : text(action.screen)
  }
}

const errorContract = ({ status, title, hint, notApplied, data }: JsonObject): ErrorContract => ({
  status: Number(status),
  title: text(title),
  hint: hint === undefined ? undefined : text(hint),
  notApplied: notApplied === true,
  data: isObject(data) ? data : undefined
})

/** 7d where nothing is said, as in `shape.ts`. */
function ttlMs(ttl: Json | undefined): number {
  try {
    return durationMs(text(ttl ?? '7d'))
  } catch {
    return 0
  }
}
