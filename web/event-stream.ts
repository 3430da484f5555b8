// Server-sent events over `fetch`: the browser's own EventSource cannot carry a token.
// https://html.spec.whatwg.org/multipage/server-sent-events.html

/** One event; its data as it was sent. */
export interface StreamEvent {
  readonly id: string | null;
  readonly kind: string;
  readonly data: string;
}

/** Takes text as it comes, and gives the events that are whole. */
export class EventReader {
  #rest = '';

  *take(text: string): Generator<StreamEvent> {
    const whole = `${this.#rest}${text}`.split('\n\n');
    this.#rest = whole.pop() ?? '';
    for (const block of whole) {
      let id: string | null = null;
      let kind = 'message';
      let data = '';
      for (const line of block.split('\n')) {
        if (line.startsWith('id: ')) id = line.slice(4);
        else if (line.startsWith('event: ')) kind = line.slice(7);
        else if (line.startsWith('data: ')) data += line.slice(6);
      }
      yield { id, kind, data };
    }
  }
}
