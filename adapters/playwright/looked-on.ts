/** A step while somebody looks on: it gets little time, what the page shows afterwards is kept, and a dry attempt ends before its commit. */
import type { Shot } from '../../src/index.ts'
import { noPicture, within } from './failure.ts'
import { markup } from './picture/markup.ts'
import { picture } from './picture/picture.ts'
import type { Stage, Step } from './plan.ts'

const lookMs = 6_000

export async function lookedOn(step: Step, stage: Stage, run: (step: Step) => Promise<void>): Promise<void> {
  const { onlooker } = stage.call
  if (onlooker === undefined) return run(step)
  const short = { ...step, timeoutMs: Math.min(step.timeoutMs, onlooker.stepMs) }
  const isLast = onlooker.isDry && step.commit !== undefined
  await onlooker.step(
    step.title,
    () => run(isLast ? rehearsed(short) : short),
    () => look(stage)
  )
  if (isLast) throw onlooker.stop()
}

/** Every check that the step makes, and not the step: nothing is clicked, so nothing leaves. */
const rehearsed = (step: Step): Step => ({
  ...step,
  commit: undefined,
  run: async (stage, timeoutMs) =>
    void (await (step.rehearse?.(stage, timeoutMs) ?? (await step.place?.find(stage))?.waitFor({ timeout: timeoutMs })))
})

async function look({ page, call }: Stage): Promise<readonly Shot[]> {
  if (call.evidence === 'none' || page.isClosed()) return []
  const [png, html] = [await shot(picture(page, call)), await shot(markup(page, call))]
  return [
    typeof png === 'string' ? { suffix: '-no-picture.txt', content: png } : { suffix: '.png', content: png.content },
    typeof html === 'string' ? { suffix: '-no-html.txt', content: html } : { suffix: '.html', content: html.content }
  ]
}

const shot = <T>(work: Promise<T>): Promise<{ readonly content: T } | string> =>
  within(work, lookMs).then(content => ({ content }), noPicture)
