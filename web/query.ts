import { useEffect, useState } from 'preact/hooks';
import { CallError, get } from './api.ts';
import { isSame } from './fleet.ts';
import { beat } from './live.ts';

export interface Asked<Answer> {
  /** The last answer; null before the first. */
  readonly answer: Answer | null;
  readonly error: CallError | null;
  readonly again: () => void;
}

/**
 * Asks for a path, and again every `periodMs` while the scheduler answers and the tab is seen.
 * `null` asks for nothing. What was answered for another path is not shown. `more` goes behind the
 * path: what is another each time, such as the present hour.
 */
export function useAnswer<Answer>(
  path: string | null,
  periodMs = 5_000,
  more: () => string = () => '',
): Asked<Answer> {
  const [state, setState] = useState<{
    readonly path: string | null;
    readonly answer: Answer | null;
    readonly error: CallError | null;
  }>({ path, answer: null, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const leaving = new AbortController();
    let askedMs = Number.NEGATIVE_INFINITY;
    let isAsking = false;
    const ask = async () => {
      if (isAsking || performance.now() - askedMs < periodMs) return;
      isAsking = true;
      askedMs = performance.now();
      try {
        const answer = await get<Answer>(`${path}${more()}`, leaving.signal);
        if (leaving.signal.aborted) return;
        setState((last) =>
          last.path === path && last.error === null && isSame(last.answer, answer)
            ? last
            : { path, answer, error: null },
        );
      } catch (error) {
        if (leaving.signal.aborted || !(error instanceof CallError)) return;
        setState((last) => ({ path, answer: last.path === path ? last.answer : null, error }));
      } finally {
        isAsking = false;
      }
    };
    void ask();
    const stop = beat.listen(() => void ask());
    return () => {
      stop();
      leaving.abort();
    };
  }, [path, periodMs, round]);
  const own = state.path === path ? state : { answer: null, error: null };
  return { answer: own.answer, error: own.error, again: () => setRound((count) => count + 1) };
}
