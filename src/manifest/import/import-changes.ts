/** What importing again changes: for callers, and in how the service is asked. */
import { canonicalJson } from '../../core/canonical-json.ts'
import { compareContracts } from '../../core/contract/compare-contracts.ts'
import type { ContractChange } from '../../core/contract/contract.ts'
import { own } from '../../core/own.ts'
import type { Json, JsonObject } from '../../core/types.ts'
import { contractOf } from '../contract-of.ts'
import { isObject } from '../schema-walk.ts'

export async function importChanges(before: JsonObject, after: JsonObject): Promise<readonly ContractChange[]> {
  return [...(await compareContracts(contractOf(before), contractOf(after))), ...wireChanges(before, after)]
}

const wire = ['operation', 'soapAction', 'soap', 'endpoint', 'body', 'encoded'] as const
const mapOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

function wireChanges(before: JsonObject, after: JsonObject): readonly ContractChange[] {
  return Object.entries(mapOf(after.actions)).flatMap(([where, action]) => {
    const known = own(mapOf(before.actions), where)
    if (known === undefined) return []
    return wire.flatMap(key => {
      const [was, is] = [mapOf(known)[key], mapOf(action)[key]]
      if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return []
      return [
        { breaking: false, certain: true, where, pointer: `/actions/${where}/${key}`, was, is, why: 'the service is asked in another way' }
      ]
    })
  })
}
