import { describe, expect, it } from 'vitest'

import { markQuotes } from '../src/text/quotes'
import { aCitation, aSource } from './factories'

/** A passage at code point 1000 of its document, and a citation of words in it. */
function cite(text: string, ...quotes: string[]) {
  const points = Array.from(text)
  const source = aSource({ text, start: 1000, end: 1000 + points.length })
  const citations = quotes.map((quote) => {
    const start = 1000 + Array.from(text.slice(0, text.indexOf(quote))).length
    return aCitation({ quote, start, end: start + Array.from(quote).length })
  })
  return { source, citations }
}

const quoted = ({ pieces }: ReturnType<typeof markQuotes>) =>
  pieces.filter(({ isQuoted }) => isQuoted).map(({ text }) => text)

describe('markQuotes', () => {
  it.each([
    ['plain text', 'High means 140/90 mmHg or more.', '140/90 mmHg'],
    ['Chinese', '成人血压达到 140/90 mmHg 即为高血压。', '140/90 mmHg 即为高血压'],
    ['astral characters before the quote', '💊💊𠮷野家 take two tablets daily', 'two tablets'],
    ['astral characters inside the quote', 'dose: 2💊 daily, 𠮷 then stop', '2💊 daily, 𠮷'],
    ['joined emoji and combining marks', '👩🏽‍⚕️ says naïve ≥ 5 µg', '≥ 5 µg'],
    ['the whole passage', '🩸 whole', '🩸 whole'],
  ])('marks the quote in %s', (_name, text, quote) => {
    const { source, citations } = cite(text, quote)
    const passage = markQuotes(source, citations)
    expect(quoted(passage)).toEqual([quote])
    expect(passage.pieces.map((piece) => piece.text).join('')).toBe(text)
    expect(passage.unplaced).toEqual([])
  })

  it('marks several quotes, and overlapping ones as one', () => {
    const { source, citations } = cite('one two three four five', 'four five', 'one two', 'two three')
    expect(quoted(markQuotes(source, citations))).toEqual(['one two three', 'four five'])
  })

  it('marks nothing where the exact words are not at their offsets', () => {
    const { source, citations } = cite('one two three', 'two')
    const shifted = citations.map((citation) => ({ ...citation, start: citation.start + 1, end: citation.end + 1 }))
    expect(markQuotes(source, shifted)).toEqual({
      pieces: [{ text: 'one two three', isQuoted: false }],
      unplaced: shifted,
    })
  })

  it('marks the range of a quote that is not exact', () => {
    const { source, citations } = cite('one two three', 'two')
    const inexact = citations.map((citation) => ({ ...citation, quote: 'TWO', exact: false }))
    expect(quoted(markQuotes(source, inexact))).toEqual(['two'])
  })

  it.each([
    ['before the passage', 990, 1003],
    ['beyond the passage', 1010, 1099],
    ['turned round', 1003, 1001],
    ['empty', 1003, 1003],
  ])('marks nothing at a range that is %s', (_name, start, end) => {
    const { source } = cite('one two three')
    const passage = markQuotes(source, [aCitation({ start, end, exact: false })])
    expect(quoted(passage)).toEqual([])
    expect(passage.unplaced).toHaveLength(1)
  })
})
