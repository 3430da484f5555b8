import { type SeenInstance, storyBegun } from './fold.ts';
import type { FactsThen, Incident, Note, Story } from './incident.ts';
import { joinMs } from './joining.ts';

/** A host that is not back after so long is looked for no more. */
const followMostMs = 30 * 24 * 3_600_000;

/** An incident that has just been opened. */
export function opened(
  host: string,
  {
    nowMs,
    atMs,
    facts,
    running,
  }: {
    readonly nowMs: number;
    /** Of its cause. */
    readonly atMs: number;
    readonly facts: FactsThen | null;
    readonly running: readonly SeenInstance[];
  },
): Incident {
  return {
    ...{ id: 0, host, state: 'open', isFollowed: true, openedMs: nowMs, failoverId: null },
    ...{ resolved: null, notes: [], story: storyBegun(Math.min(atMs, nowMs), facts, running) },
  };
}

/**
 * An incident that another cause joins: what has to be served again is not known to be any more
 * once its host is held for dead.
 */
export function joined(incident: Incident, failoverId: string | null): Incident {
  if (failoverId === null) return { ...incident, isFollowed: true };
  const story = { ...incident.story, servedMs: null };
  return { ...incident, failoverId, state: 'open', isFollowed: true, story };
}

/** What becomes of an incident with what its facts come to now. @param isAway held for dead still */
export function advanced(
  incident: Incident,
  story: Story,
  isAway: boolean,
  nowMs: number,
): Incident {
  const isOver = incident.state === 'open' && story.servedMs !== null;
  const state = isOver ? 'recovered' : incident.state;
  const lastMs = Math.max(story.firstMs, story.verdict?.atMs ?? 0, story.returnedMs ?? 0);
  const isWaited =
    state === 'open' || isAway ? nowMs < lastMs + followMostMs : nowMs < lastMs + joinMs;
  return { ...incident, state, story, isFollowed: state === 'open' || isWaited };
}

/** An incident that a person has closed. */
export function closed(incident: Incident, note: Note): Incident {
  return { ...incident, state: 'resolved', resolved: note };
}
