/** Names a bot among the bots of all tenants: its queue, slots, breaker and warm pages are kept under it. */
export const botKey = (name: string, tenant: string | undefined): string => (tenant === undefined ? name : `${tenant}/${name}`)

/** The bot that a run is of. */
export const keyOfRun = ({ bot, botTenant }: { readonly bot: string; readonly botTenant?: string | undefined }): string =>
  botKey(bot, botTenant)

/** The two parts of a key; a bot's own name holds no slash. */
export function partsOfKey(key: string): { readonly name: string; readonly tenant: string | undefined } {
  const slash = key.lastIndexOf('/')
  return slash < 0 ? { name: key, tenant: undefined } : { name: key.slice(slash + 1), tenant: key.slice(0, slash) }
}
