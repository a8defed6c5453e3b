import type { Answer } from '../answer'
import type { Source } from '../api/events'
import type { Messages } from '../locales/en'
import { citedSources } from '../references'
import { webAddress } from './links'
import { separatorBetween } from './separators'

/** The answer as plain text to paste elsewhere: AI label, notices, sentences, sources. */
export function writeTranscript(answer: Answer, messages: Messages): string {
  const sources = citedSources(answer).map((source) => describe(source, messages))
  return [
    messages.copyLabel(answer.model),
    ...answer.notices.map(({ kind, text }) => `${messages.notices[kind]}: ${text}`),
    `${messages.youAsked}: ${answer.question}`,
    answer.refusal?.text ?? joinSentences(answer, messages),
    answer.state === 'done' || answer.refusal ? '' : messages.copyIncomplete,
    sources.length > 0 ? [messages.sources, ...sources].join('\n') : '',
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n')
}

function joinSentences({ sentences }: Answer, messages: Messages): string {
  return sentences
    .map(({ text, verdict }, n) => {
      const earlier = sentences[n - 1]
      const separator = earlier ? separatorBetween(earlier.text, text) : ''
      return separator + text + (verdict === 'supported' ? '' : ` (${messages.verdicts[verdict]})`)
    })
    .join('')
}

function describe(source: Source, messages: Messages): string {
  const parts = [
    messages.quotedTitle(source.title),
    source.publisher,
    source.reviewed_on && messages.reviewed(source.reviewed_on),
    webAddress(source.url),
  ]
  return `[${source.marker}] ${parts.filter(Boolean).join(', ')}`
}
