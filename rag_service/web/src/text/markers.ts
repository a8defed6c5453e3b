export type Segment = { kind: 'text'; text: string } | { kind: 'marker'; marker: number }

/**
 * Split a sentence at its `[n]` markers. Only markers of known sources count; any other bracketed
 * number is text that the author wrote.
 */
export function splitMarkers(text: string, known: ReadonlySet<number>): Segment[] {
  const segments: Segment[] = []
  let read = 0
  for (const match of text.matchAll(/\[(\d{1,4})\]/g)) {
    const marker = Number(match[1])
    if (!known.has(marker)) continue
    if (match.index > read) segments.push({ kind: 'text', text: text.slice(read, match.index) })
    segments.push({ kind: 'marker', marker })
    read = match.index + match[0].length
  }
  if (read < text.length) segments.push({ kind: 'text', text: text.slice(read) })
  return segments
}

/** The sentence as one would read it aloud: without the markers of known sources. */
export function dropMarkers(text: string, known: ReadonlySet<number>): string {
  return splitMarkers(text, known)
    .map((segment) => (segment.kind === 'text' ? segment.text : ''))
    .join('')
    .trim()
}
