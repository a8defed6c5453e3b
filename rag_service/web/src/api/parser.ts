/** One event of a `text/event-stream`, before its data is read. */
export interface WireEvent {
  id: string
  event: string
  data: string
}

/**
 * Reads a `text/event-stream` from byte chunks that may be cut anywhere: inside a UTF-8 character,
 * between CR and LF, inside a field name. As in the HTML standard, an event that the stream ends
 * without a blank line is dropped, and comment lines (`: ping`) are skipped.
 */
export class EventParser {
  private readonly decoder = new TextDecoder()
  private unread = ''
  private endsInCarriageReturn = false
  private id = ''
  private event = ''
  private lines: string[] = []

  /** Take the next bytes and return the events they finish. */
  push(bytes: Uint8Array): WireEvent[] {
    const events: WireEvent[] = []
    for (const line of this.finishedLines(this.decoder.decode(bytes, { stream: true }))) {
      const event = this.readLine(line)
      if (event) events.push(event)
    }
    return events
  }

  private finishedLines(text: string): string[] {
    if (text === '') return []
    // The CR at the end of the last chunk has ended its line already; this LF is its other half.
    const fresh = this.endsInCarriageReturn && text.startsWith('\n') ? text.slice(1) : text
    this.endsInCarriageReturn = text.endsWith('\r')
    const lines = (this.unread + fresh).split(/\r\n|\r|\n/)
    this.unread = lines.pop() ?? ''
    return lines
  }

  private readLine(line: string): WireEvent | null {
    if (line === '') return this.dispatch()
    if (line.startsWith(':')) return null
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.lines.push(value)
    else if (field === 'event') this.event = value
    else if (field === 'id' && !value.includes('\0')) this.id = value
    return null
  }

  private dispatch(): WireEvent | null {
    const event = { id: this.id, event: this.event || 'message', data: this.lines.join('\n') }
    const isEmpty = this.lines.length === 0
    this.event = ''
    this.lines = []
    return isEmpty ? null : event
  }
}
