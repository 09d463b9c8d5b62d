/** Every kind of adapter, by name: the one list. Each is loaded when it is asked for. */
import type { Adapter } from '../src/index.ts'

/** The options that adapters are told at start; each reads what concerns it. */
export interface AdapterOptions {
  readonly chromiumPath?: string
  readonly headless?: boolean
  readonly chromiumSandbox?: 'on' | 'off' | 'try'
  /** The environment of the programs that adapters start. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly [setting: string]: unknown
}

interface AdapterModule {
  createAdapter(options: AdapterOptions): Adapter
}

export const adapterKinds = {
  echo: () => import('./echo/adapter.ts'),
  playwright: () => import('./playwright/adapter.ts'),
  soap: () => import('./soap/adapter.ts')
} as const satisfies Readonly<Record<string, () => Promise<AdapterModule>>>

export type AdapterKind = keyof typeof adapterKinds

/** The adapters of these kinds; without a list, all. */
export async function loadAdapters(
  options: AdapterOptions = {},
  kinds: readonly AdapterKind[] = Object.keys(adapterKinds) as AdapterKind[]
): Promise<Readonly<Record<string, Adapter>>> {
  const load = async (kind: AdapterKind) => [kind, (await (adapterKinds[kind]() as Promise<AdapterModule>)).createAdapter(options)] as const
  return Object.fromEntries(await Promise.all(kinds.map(load)))
}

/** For a stand-in of a SOAP service. */
export const loadSoapServer = () => import('./soap/serve.ts')
