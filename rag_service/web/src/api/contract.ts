import type { AnswerEvent } from './events'
import type { WireEvent } from './parser'
import { StreamError } from './errors'

type Fields = Record<string, unknown>

const verdicts = ['supported', 'partly_supported', 'unsupported']
const origins = ['written', 'quoted']
const noticeKinds = ['emergency', 'crisis', 'caution', 'conflict', 'degraded', 'disclaimer']

const isText = (value: unknown): value is string => typeof value === 'string'
const isOneOf = (value: unknown, choices: readonly string[]) => isText(value) && choices.includes(value)
const isCount = (value: unknown): value is number => Number.isInteger(value)
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const areAll = (value: unknown, test: (fields: Fields) => boolean) =>
  Array.isArray(value) && value.every((fields) => isFields(fields) && test(fields))

const isSource = (source: Fields) =>
  isCount(source.marker) &&
  isCount(source.start) &&
  isText(source.title) &&
  isText(source.text) &&
  Array.isArray(source.section_path)

const isCitation = (citation: Fields) =>
  isCount(citation.marker) && isCount(citation.start) && isCount(citation.end) && isText(citation.quote)

const checks: Record<AnswerEvent['type'], (fields: Fields) => boolean> = {
  'answer.started': (fields) => isText(fields.answer_id),
  notice: (fields) => isOneOf(fields.kind, noticeKinds) && isText(fields.text),
  sources: (fields) => areAll(fields.sources, isSource),
  sentence: (fields) =>
    isCount(fields.index) &&
    isText(fields.text) &&
    isOneOf(fields.verdict, verdicts) &&
    isOneOf(fields.origin, origins) &&
    areAll(fields.citations, isCitation),
  'answer.completed': (fields) => isText(fields.text),
  'answer.refused': (fields) => isFields(fields.refusal) && isText(fields.refusal.text),
  'answer.failed': (fields) => isFields(fields.problem) && isText(fields.problem.title),
}

/**
 * Read a wire event as the contract has it; `null` for a type this page does not know, so that a
 * newer service may add some. Throws StreamError (`malformed`) for one that breaks the contract.
 */
export function readEvent(wire: WireEvent): AnswerEvent | null {
  if (!Object.hasOwn(checks, wire.event)) return null
  const type = wire.event as AnswerEvent['type']
  const fields = parseJson(wire.data)
  if (!isFields(fields) || fields.type !== type || !checks[type](fields)) {
    throw new StreamError({ kind: 'malformed' })
  }
  return fields as AnswerEvent
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new StreamError({ kind: 'malformed' }, { cause: error })
  }
}
