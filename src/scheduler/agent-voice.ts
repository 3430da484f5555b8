import type { HostName } from '../domain/ids.ts';
import type { AgentFrame } from '../protocol/frames.ts';

/** Far more than a host holds in the life of a stream. */
const namesMax = 10_000;

type Told = Extract<AgentFrame, { type: 'event' }>;

/** What an agent may speak of: its own host, and instances and certificates that it was given. */
export class AgentVoice {
  readonly #own: string;
  readonly #given = new Set<string>();

  constructor(host: HostName) {
    this.#own = `host/${host}`;
  }

  /** Lets it speak of these, for as long as its stream is open. */
  give(kind: 'instance' | 'certificate', named: readonly { readonly name: string }[]): void {
    for (const { name } of named) {
      if (this.#given.size < namesMax) this.#given.add(`${kind}/${name}`);
    }
  }

  /** The event as it is recorded: what it says of anything else is said of its host. */
  event({ kind, object, message }: Told): Pick<Told, 'kind' | 'object' | 'message'> {
    if (object === 'host' || object === this.#own) return { kind, object: this.#own, message };
    if (this.#given.has(object)) return { kind, object, message };
    return { kind, object: this.#own, message: `of ${object}: ${message}` };
  }
}
