/** `retrofit keys`: works on the ledger itself, beside a running server too. */
import { UsageError } from '../cli.ts'
import { readSettings } from '../config.ts'
import { plainJson } from '../core/plain-text.ts'
import { openLedger } from '../deployment.ts'
import { whyNoAddresses } from '../governance/callback-addresses.ts'
import { callbackSecret } from '../governance/callback-secret.ts'
import { createKeyRing, type KeyInfo, type KeyRing } from '../governance/keys.ts'
import { isScope } from '../governance/scopes.ts'
import { signAll, unsignedRecords } from '../governance/signed-records.ts'
import { keepFilesPrivate } from '../private-files.ts'
import { printTable } from './print.ts'

type Flags = Readonly<Record<string, unknown>>

async function withKeys<T>(work: (keys: KeyRing, dataKey: string) => Promise<T>): Promise<T> {
  keepFilesPrivate()
  const { store, dataKey } = await openLedger(readSettings())
  try {
    return await work(createKeyRing({ records: store.records, adminKey: '', now: store.now }), dataKey)
  } finally {
    await store.close()
  }
}

export async function createKey(flags: Flags): Promise<number> {
  const scopes = String(flags.scopes)
    .split(',')
    .map(scope => scope.trim())
    .filter(scope => scope !== '')
  const wrong = scopes.filter(scope => !isScope(scope))
  if (scopes.length === 0 || wrong.length > 0)
    throw new UsageError(`--scopes: write names such as accounts:read or accounts:*${wrong.length > 0 ? `, not ${wrong.join(', ')}` : ''}`)
  const days = flags.expires === undefined ? undefined : Number(flags.expires)
  if (days !== undefined && !(days > 0 && days <= 36_500)) throw new UsageError('--expires: write a number of days, e.g. 90; 36500 at most')
  const expiresAt = days === undefined ? {} : { expiresAt: Date.now() + days * 86_400_000 }
  const callbacks = addressesOf(flags)
  const made = await withKeys(async (keys, dataKey) => {
    const tenant = String(flags.tenant)
    const created = await keys.create({ name: String(flags.name), tenant, scopes, ...expiresAt, callbacks })
    return callbacks === undefined ? created : { ...created, callbackSecret: secretOf(dataKey, { ...created, tenant }) }
  })
  process.stdout.write(flags.json ? `${plainJson(made)}\n` : `${made.key}\n`)
  if (!flags.json) process.stderr.write(`Key ${made.id}. Keep it now: it is not shown again, only its hash is stored.\n`)
  if (!flags.json && 'callbackSecret' in made) process.stderr.write(`Its callbacks are signed with ${made.callbackSecret}\n`)
  return 0
}

/** Undefined: the flag is absent. */
function addressesOf({ callback }: Flags): readonly string[] | undefined {
  if (callback === undefined) return undefined
  const addresses = String(callback)
    .split(',')
    .map(address => address.trim())
    .filter(address => address !== '')
  const why = whyNoAddresses(addresses)
  if (why !== undefined) throw new UsageError(`--callback: ${why}`)
  return addresses
}

const secretOf = (dataKey: string, { id, tenant, callbacks }: Pick<KeyInfo, 'id' | 'tenant' | 'callbacks'>): string =>
  callbackSecret({ dataKey, tenant, clientId: id, generation: callbacks?.generation ?? 1 })

/** Shows where the calls of a key may call back, and the secret that signs; changes them where flags say so. */
export async function keyCallbacks(id: string, flags: Flags): Promise<number> {
  const change = { addresses: addressesOf(flags), rotate: flags.rotate === true }
  const found = await withKeys(async (keys, dataKey) => {
    const isChange = change.addresses !== undefined || change.rotate
    const info = await (isChange ? keys.changeCallbacks(id, change) : keys.find(id))
    return info && { id, addresses: info.callbacks?.addresses ?? [], secret: info.callbacks && secretOf(dataKey, info) }
  })
  if (found === undefined) throw new UsageError(`There is no key ${id}; retrofit keys list shows them.`)
  if (flags.json) process.stdout.write(`${plainJson({ ...found, secret: found.secret ?? null })}\n`)
  else
    process.stdout.write(
      [...found.addresses, ...(found.secret === undefined ? [] : [`secret ${found.secret}`])].map(line => `${line}\n`).join('')
    )
  if (found.addresses.length === 0) process.stderr.write('Its calls may call nobody back; --callback gives addresses.\n')
  return 0
}

export async function listKeys(flags: Flags): Promise<number> {
  const all = await withKeys(keys => keys.list())
  if (flags.json) process.stdout.write(`${plainJson(all)}\n`)
  else
    printTable(
      ['id', 'name', 'tenant', 'scopes', 'created', 'expires', 'callbacks'],
      all.map(key => [
        key.id,
        key.name,
        key.tenant,
        key.scopes.join(' '),
        day(key.createdAt),
        day(key.expiresAt),
        (key.callbacks?.addresses ?? []).join(' ')
      ])
    )
  return 0
}

const day = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString().slice(0, 10))

export async function revokeKey(id: string): Promise<number> {
  if (!(await withKeys(keys => keys.revoke(id)))) throw new UsageError(`There is no key ${id}; retrofit keys list shows them.`)
  process.stderr.write(`Key ${id} is revoked.\n`)
  return 0
}

/** Signs the records of a version before signatures. They are shown first: somebody else may have written them. */
export async function signRecords(flags: Flags): Promise<number> {
  const { store, rawRecords } = await openLedger(readSettings())
  try {
    const unsigned = await unsignedRecords(rawRecords)
    printTable(
      ['kind', 'id', 'what it says'],
      unsigned.map(({ kind, id, value }) => [kind, id, about(value)])
    )
    if (flags.yes !== true) {
      process.stderr.write(`${unsigned.length} records are not signed. Sign them, when all of them are yours: retrofit keys sign --yes\n`)
      return unsigned.length === 0 ? 0 : 1
    }
    await signAll(store.records, unsigned)
    process.stderr.write(`${unsigned.length} records are signed.\n`)
    return 0
  } finally {
    await store.close()
  }
}

/** The hash of a key says nothing to a person. */
const about = (value: unknown): string => {
  const { hash: _, ...rest } = Object(value)
  return JSON.stringify(rest).slice(0, 120)
}
