import { describe, expect, it } from 'vitest'

import { applyEvent, newAnswer } from '../src/answer'
import { citedSources, findReference, listReferences } from '../src/references'
import { aCitation, aSentence, aSource } from './factories'

function anAnswer() {
  const answer = newAnswer(1, 'q')
  const sources = [3, 1, 2].map((marker) => aSource({ marker, title: `Source ${marker}` }))
  applyEvent(answer, { type: 'sources', sources })
  const sentences = [
    aSentence({ index: 0, text: 'One[2], and again[2], and [8].', citations: [aCitation({ marker: 2 })] }),
    aSentence({ index: 1, text: 'Two[1][2].', citations: [aCitation({ marker: 1 }), aCitation({ marker: 1 })] }),
  ]
  for (const sentence of sentences) applyEvent(answer, { type: 'sentence', ...sentence })
  return answer
}

describe('listReferences', () => {
  it('lists each marker of each sentence in the order of reading', () => {
    const listed = listReferences(anAnswer()).map(({ sentence, source, citations }) => [
      sentence.index,
      source.marker,
      citations.length,
    ])
    expect(listed).toEqual([
      [0, 2, 1],
      [1, 1, 2],
      [1, 2, 0],
    ])
  })
})

describe('findReference', () => {
  it('finds a marker of a sentence, or its first place', () => {
    const references = listReferences(anAnswer())
    expect(findReference(references, 2, 1)).toBe(2)
    expect(findReference(references, 2)).toBe(0)
    expect(findReference(references, 3)).toBe(-1)
  })
})

describe('citedSources', () => {
  it('leaves out sources that no sentence cites', () => {
    expect(citedSources(anAnswer()).map(({ marker }) => marker)).toEqual([1, 2])
  })
})
