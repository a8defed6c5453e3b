import type { Answer } from './answer'
import type { Citation, Sentence, Source } from './api/events'
import { dropMarkers, splitMarkers } from './text/markers'

/** One marker of one sentence: the place in the answer that a citation chip stands for. */
export interface Reference {
  sentence: Sentence
  /** The sentence without its markers. */
  words: string
  source: Source
  /** The quotes of this source that prove this sentence; empty if the service sent none. */
  citations: Citation[]
}

/** List the references of an answer in the order of reading, each marker once in a sentence. */
export function listReferences(answer: Answer): Reference[] {
  const sources = new Map(answer.sources.map((source) => [source.marker, source]))
  const known = new Set(sources.keys())
  return answer.sentences.flatMap((sentence) => {
    const markers = new Set(
      splitMarkers(sentence.text, known).flatMap((segment) => (segment.kind === 'marker' ? [segment.marker] : [])),
    )
    const words = dropMarkers(sentence.text, known)
    return [...markers].flatMap((marker) => {
      const source = sources.get(marker)
      const citations = sentence.citations.filter((citation) => citation.marker === marker)
      return source ? [{ sentence, words, source, citations }] : []
    })
  })
}

/** Where in the references a marker is: of one sentence, or its first place in the answer. */
export function findReference(references: readonly Reference[], marker: number, sentenceIndex?: number): number {
  return references.findIndex(
    ({ source, sentence }) =>
      source.marker === marker && (sentenceIndex === undefined || sentence.index === sentenceIndex),
  )
}

/** The sources that the answer cites, in the order of their markers. */
export function citedSources(answer: Answer): Source[] {
  const cited = new Set(listReferences(answer).map(({ source }) => source.marker))
  return answer.sources.filter(({ marker }) => cited.has(marker)).sort((a, b) => a.marker - b.marker)
}
