/** Whether a page shows an element just now, in whichever of its frames: a portal of framesets has its menu in one of them. */
import { within } from './failure.ts'
import { type PageAnswer, pageScript } from './page-script.ts'
import { callWith, type Place, type Stage } from './plan.ts'

/** `hidden`: it stands there and nobody sees it, as a link in a menu that is folded. */
export type Sight = 'shown' | 'hidden' | 'absent'

const lookMs = 5_000

export async function sightOf(place: Place, stage: Stage): Promise<Sight> {
  const call = callWith(stage.call, { errors: [], deadlineAt: 0 })
  const look = (frame: Stage['frame']) => within(sightIn(place, { ...stage, call, frame }), lookMs).catch((): Sight => 'absent')
  const seen = await Promise.all(stage.page.frames().map(look))
  return seen.find(sight => sight === 'shown') ?? seen.find(sight => sight === 'hidden') ?? 'absent'
}

export const isShown = async (place: Place | undefined, stage: Stage): Promise<boolean> =>
  place !== undefined && (await sightOf(place, stage)) === 'shown'

async function sightIn(place: Place, stage: Stage): Promise<Sight> {
  if (place.spec === undefined) return sightByLocator(place, stage)
  const spec = await place.spec(stage)
  const field = { name: 'it', place: spec, kind: 'list' as const, attribute: undefined, optional: false, rows: undefined, columns: [] }
  const job = { errors: [spec], fields: [field], waitMs: 0, previous: undefined }
  const answer = await stage.frame.evaluate<PageAnswer>(pageScript(job))
  if (answer.error !== undefined) return 'shown'
  const { it } = answer.values ?? {}
  return Array.isArray(it) && it.length > 0 ? 'hidden' : 'absent'
}

async function sightByLocator(place: Place, stage: Stage): Promise<Sight> {
  const locator = (await place.find(stage)).first()
  if (await locator.isVisible()) return 'shown'
  return (await locator.count()) > 0 ? 'hidden' : 'absent'
}
