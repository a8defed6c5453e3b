import type { AnswerEvent, Citation, Problem, Sentence, Source } from '../src/api/events'

export const aSource = (fields: Partial<Source> = {}): Source => ({
  marker: 1,
  passage_id: 'p1',
  document_id: 'd1',
  title: 'High blood pressure in adults',
  publisher: 'A health institute',
  url: 'https://example.org/bp',
  published_on: '2023-03-16',
  reviewed_on: '2024-01-02',
  section_path: ['Diagnosis', 'Thresholds'],
  page_first: null,
  page_last: null,
  start: 100,
  end: 136,
  text: 'High means 140/90 mmHg or more here.',
  ...fields,
})

export const aCitation = (fields: Partial<Citation> = {}): Citation => ({
  marker: 1,
  passage_id: 'p1',
  document_id: 'd1',
  quote: '140/90 mmHg',
  start: 111,
  end: 122,
  page: null,
  exact: true,
  ...fields,
})

export const aSentence = (fields: Partial<Sentence> = {}): Sentence => ({
  index: 0,
  text: 'It is high from 140/90 mmHg[1].',
  verdict: 'supported',
  origin: 'written',
  citations: [aCitation()],
  ...fields,
})

export const aProblem = (fields: Partial<Problem> = {}): Problem => ({
  type: 'about:blank',
  title: 'Engine overloaded',
  status: 503,
  detail: 'Try again in a minute.',
  request_id: 'req-1',
  ...fields,
})

export const started: AnswerEvent = {
  type: 'answer.started',
  answer_id: 'a1',
  model: 'qwen2.5-7b',
  generation: 'g1',
  language: 'en',
}
export const sources: AnswerEvent = { type: 'sources', sources: [aSource()] }
export const sentence: AnswerEvent = { type: 'sentence', ...aSentence() }
export const completed: AnswerEvent = { type: 'answer.completed', answer_id: 'a1', text: aSentence().text }
export const refused: AnswerEvent = {
  type: 'answer.refused',
  answer_id: 'a1',
  text: 'Not enough evidence.',
  refusal: { reason: 'not_enough_evidence', text: 'Not enough evidence.' },
}
export const failed: AnswerEvent = { type: 'answer.failed', problem: aProblem() }

/** The bytes of an event stream. */
export function encode(events: readonly AnswerEvent[], lineEnd = '\n'): Uint8Array<ArrayBuffer> {
  const text = events
    .map((event, n) => [`id: ${n + 1}`, `event: ${event.type}`, `data: ${JSON.stringify(event)}`, '', ''].join(lineEnd))
    .join('')
  return new TextEncoder().encode(text)
}

export function streamResponse(body: BodyInit): Response {
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } })
}
