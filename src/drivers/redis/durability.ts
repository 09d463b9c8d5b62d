import type { Redis } from 'ioredis'

interface Requirement {
  readonly setting: string
  readonly value: string
  readonly why: string
}

const requirements: readonly Requirement[] = [
  { setting: 'appendonly', value: 'yes', why: 'without the append-only file a restart loses runs' },
  { setting: 'appendfsync', value: 'always', why: 'otherwise a power loss takes back what was already answered' },
  { setting: 'no-appendfsync-on-rewrite', value: 'no', why: 'otherwise nothing is synced while Redis rewrites its file' },
  { setting: 'maxmemory-policy', value: 'noeviction', why: 'otherwise Redis drops runs and keys when its memory is full' }
]

/** Throws when this Redis could forget a run that it has confirmed. */
export async function checkDurability(redis: Redis): Promise<void> {
  const wrong: string[] = []
  for (const requirement of requirements) {
    const actual = await readSetting(redis, requirement.setting)
    if (actual !== requirement.value) wrong.push(complaint(requirement, actual))
  }
  if (wrong.length > 0) throw new Error(`This Redis can not hold the ledger.\n${wrong.join('\n')}`)
}

function complaint({ setting, value, why }: Requirement, actual: string | undefined): string {
  return `- ${setting} is ${actual ?? 'unknown'} and must be ${value}: ${why}. Set "${setting} ${value}" in redis.conf (or run CONFIG SET ${setting} ${value}).`
}

async function readSetting(redis: Redis, setting: string): Promise<string | undefined> {
  try {
    const answer = (await redis.config('GET', setting)) as string[]
    return answer[1]
  } catch (error) {
    if (!/NOPERM|unknown command|ERR/i.test((error as Error).message)) throw error
    throw new Error(
      `This Redis does not let its settings be read (CONFIG GET ${setting}: ${(error as Error).message}). Allow CONFIG GET, or open the store with assumeDurable: true when you know that ${requirements.map(({ setting, value }) => `${setting} is ${value}`).join(', ')}.`
    )
  }
}
