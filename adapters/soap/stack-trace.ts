/** Texts of a target without the stack that many of them end with: it tells strangers how the inside looks, and helps nobody who calls. */

/** How a frame begins: Java, .NET and JavaScript; Python; PHP; and what Java says between two stacks. */
const frames: readonly RegExp[] = [
  /(?:^|\s)at\s+[^\s()]+\.[^\s().]+\([^)\n]*\)/,
  /(?:^|\s)at\s+[^()\n]{1,200} \([^)\n]*:\d+\)/,
  /(?:^|\s)at\s+(?:file:\/\/|\/|[A-Za-z]:\\)\S+:\d+/,
  /Traceback \(most recent call last\)/,
  /(?:^|\s)File "[^"\n]+", line \d+/,
  /(?:^|\s)#\d+ (?:\S+\(\d+\): |\{main\})/,
  /Stack trace:/i,
  /(?:^|\s)\.{3} \d+ (?:more|common frames omitted)/
]

/** A text that is longer is no message: the rest was not looked at and is not shown. */
const longest = 10_000

export function withoutTrace(text: string): string {
  const seen = text.slice(0, longest)
  const starts = frames.map(frame => seen.search(frame)).filter(at => at !== -1)
  return starts.length === 0 ? seen : seen.slice(0, Math.min(...starts)).trimEnd()
}

const markup = /<!\[CDATA\[([\s\S]*?)(?=\]\]>|$)|(?<=^|>)[^<>]+/g

/** The same for each text of a document; `read` says what a text means. */
export const withoutTraces = (document: string, read: (text: string) => string): string =>
  document.trimStart().startsWith('<')
    ? document.replace(markup, (whole, data?: string) => {
        const text = data ?? read(whole)
        const cut = withoutTrace(text)
        return cut === text ? whole : `${data === undefined ? '' : '<![CDATA['}${cut}`
      })
    : withoutTrace(document)
