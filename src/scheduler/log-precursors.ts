import { openEnvelope } from '../crash/envelope.ts';
import { TemplateMiner } from '../logs/templates.ts';
import type { CrashPrecursorsView } from '../protocol/crash-precursor-views.ts';
import { type LogWindow, precursorsOf } from '../statistics/precursors.ts';

/** Templates that are told of. */
const shownMax = 200;

/** What one host said in one window of time. */
export interface SaidLines {
  /** Windows of one stratum are of the same time. */
  readonly stratum: number;
  readonly isBeforeCrash: boolean;
  readonly lines: readonly {
    readonly app: string;
    readonly text: string;
    readonly repeats: number;
  }[];
}

/** Gathers windows one by one, and says which of their lines come before crashes. */
export class LogPrecursors {
  readonly #miner = new TemplateMiner();
  readonly #windows: LogWindow[] = [];
  #leftOut = 0;

  take({ stratum, isBeforeCrash, lines }: SaidLines): void {
    const counts = new Map<number, number>();
    for (const { app, text, repeats } of lines) {
      const said = openEnvelope(text)
        .map((line) => line.text)
        .join(' ');
      if (said.trim() === '') continue;
      const template = this.#miner.push(said, app);
      if (template === null) this.#leftOut += repeats;
      else counts.set(template, (counts.get(template) ?? 0) + repeats);
    }
    this.#windows.push({ stratum, isBeforeCrash, counts });
  }

  /** @param leftOut lines that were not given to {@link take} */
  result(windowMs: number, leftOut = 0): CrashPrecursorsView {
    const crashes = this.#windows.filter(({ isBeforeCrash }) => isBeforeCrash).length;
    const healthyWindows = this.#windows.length - crashes;
    const { found, questions, least } = precursorsOf(this.#windows);
    const templates = this.#miner.templates;
    return {
      ...{ crashes, healthyWindows, windowMs, questions, leastP: least },
      leftOut: this.#leftOut + leftOut,
      lack: lackOf(crashes, healthyWindows),
      items: found.slice(0, shownMax).map(({ template: id, ...one }) => ({
        app: templates[id]?.app ?? '',
        template: templates[id]?.text ?? '',
        example: templates[id]?.example ?? '',
        ...one,
      })),
    };
  }
}

function lackOf(crashes: number, healthy: number): string | null {
  if (crashes === 0) return 'no crash has lines before it';
  return healthy === 0 ? 'no healthy host has lines of the same time to hold them against' : null;
}
