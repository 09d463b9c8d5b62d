/** Names in a header of at most about 2 KiB: clients refuse an answer whose headers are larger than 16. */
const mostBytes = 2_000

export function namesHeader(names: readonly string[]): string {
  const kept: string[] = []
  let bytes = 0
  for (const name of names) {
    bytes += name.length + 2
    if (bytes > mostBytes) return `${kept.join(', ')} and ${names.length - kept.length} more`
    kept.push(name)
  }
  return kept.join(', ')
}
