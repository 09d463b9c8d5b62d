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

/** Looked at: a text this long is no message. */
const longest = 10_000

export function withoutTrace(text: string): string {
  const seen = text.slice(0, longest)
  const starts = frames.map(frame => seen.search(frame)).filter(at => at !== -1)
  return starts.length === 0 ? text : seen.slice(0, Math.min(...starts)).trimEnd()
}
