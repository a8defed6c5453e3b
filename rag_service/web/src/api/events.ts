/** The contract of `POST /v1/answers`: what the service sends, in the names of the wire. */

export type Language = 'zh' | 'en'
export type Verdict = 'supported' | 'partly_supported' | 'unsupported'
export type NoticeKind = 'emergency' | 'crisis' | 'caution' | 'conflict' | 'degraded' | 'disclaimer'
export type Origin = 'written' | 'quoted'

/** A passage that the answer was written from. Offsets are code points of the document text. */
export interface Source {
  marker: number
  passage_id: string
  document_id: string
  title: string
  publisher: string | null
  url: string | null
  published_on: string | null
  reviewed_on: string | null
  section_path: string[]
  page_first: number | null
  page_last: number | null
  start: number
  end: number
  text: string
}

/** The words of a source that prove a sentence. Offsets are code points of the document text. */
export interface Citation {
  marker: number
  passage_id: string
  document_id: string
  quote: string
  start: number
  end: number
  page: number | null
  exact: boolean
}

export interface Sentence {
  index: number
  text: string
  verdict: Verdict
  /** Written by the model, or a statement of a source word for word. */
  origin: Origin
  citations: Citation[]
}

export interface Notice {
  kind: NoticeKind
  text: string
}

export interface Refusal {
  reason: string
  text: string
}

/** An error as in RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  request_id: string
}

/** The part of a finished answer's record that this page reads. */
export interface AnswerRecord {
  answer_id: string
  text: string
  notices?: Notice[]
  model?: string
}

export type AnswerEvent =
  | { type: 'answer.started'; answer_id: string; model: string; generation: string; language: Language }
  | ({ type: 'notice' } & Notice)
  | { type: 'sources'; sources: Source[] }
  | ({ type: 'sentence' } & Sentence)
  | ({ type: 'answer.completed' } & AnswerRecord)
  | ({ type: 'answer.refused'; refusal: Refusal } & AnswerRecord)
  | { type: 'answer.failed'; problem: Problem }

export interface Question {
  question: string
  /** `null` lets the service answer in the language of the question. */
  language: Language | null
}
