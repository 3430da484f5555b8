import { BridgeheadError } from '../domain/errors.ts';

/** One step of a lab command, as it is shown. */
export interface LabStep {
  /** Such as `namespaces` or `engines`. */
  readonly name: string;
  /** `same`: it was so already and nothing was done. */
  readonly state: 'running' | 'done' | 'same' | 'failed';
  /** Milliseconds from its beginning to its end; null while it runs. */
  readonly tookMs: number | null;
  /** For people; may be empty. */
  readonly detail: string;
}
export type Report = (step: LabStep) => void;

/** How a step ended. */
export interface StepEnd {
  readonly isSame: boolean;
  readonly detail?: string;
}

/** Runs one step and reports its beginning and its end. An error names the step and goes on. */
export async function runStep(
  report: Report,
  name: string,
  work: () => Promise<StepEnd>,
): Promise<StepEnd> {
  const startMs = performance.now();
  report({ name, state: 'running', tookMs: null, detail: '' });
  const tell = (state: LabStep['state'], detail: string) =>
    report({ name, state, tookMs: Math.round(performance.now() - startMs), detail });
  try {
    const end = await work();
    tell(end.isSame ? 'same' : 'done', end.detail ?? '');
    return end;
  } catch (cause) {
    const error = BridgeheadError.wrap(cause);
    // The caller shows the whole of it.
    tell('failed', error.message.split('\n')[0] ?? '');
    throw new BridgeheadError(error.code, `step ${name}: ${error.message}`, error.next, {
      findings: error.findings,
      cause,
    });
  }
}

/**
 * Waits for all, also when one fails, so that nothing goes on behind the caller's back.
 *
 * @throws what the first of those that failed threw
 */
export async function together<Result>(
  work: readonly Promise<Result>[],
): Promise<readonly Result[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
