import type { Citation, Source } from '../api/events'

export interface Piece {
  text: string
  isQuoted: boolean
}

export interface QuotedPassage {
  pieces: Piece[]
  /** Citations whose words are not at their offsets; their quotes are shown apart. */
  unplaced: Citation[]
}

interface Range {
  start: number
  end: number
}

/**
 * Cut a passage into quoted and other pieces. Offsets count code points of the document, so the
 * passage is cut as an array of code points: a character outside the basic plane is one of them,
 * but two units of a JavaScript string. An exact quote is marked only where its words stand.
 */
export function markQuotes(source: Source, citations: readonly Citation[]): QuotedPassage {
  const points = Array.from(source.text)
  const ranges: Range[] = []
  const unplaced: Citation[] = []
  for (const citation of citations) {
    const range = { start: citation.start - source.start, end: citation.end - source.start }
    if (isPlaced(points, range, citation)) ranges.push(range)
    else unplaced.push(citation)
  }
  return { pieces: cut(points, merge(ranges)), unplaced }
}

function isPlaced(points: readonly string[], { start, end }: Range, citation: Citation): boolean {
  if (start < 0 || end > points.length || start >= end) return false
  return !citation.exact || points.slice(start, end).join('') === citation.quote
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = []
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else merged.push({ ...range })
  }
  return merged
}

function cut(points: readonly string[], ranges: readonly Range[]): Piece[] {
  const pieces: Piece[] = []
  let read = 0
  const take = (end: number, isQuoted: boolean) => {
    if (end > read) pieces.push({ text: points.slice(read, end).join(''), isQuoted })
    read = end
  }
  for (const { start, end } of ranges) {
    take(start, false)
    take(end, true)
  }
  take(points.length, false)
  return pieces
}
