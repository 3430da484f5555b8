import { Abandoned, type Run } from './run.ts';

/**
 * Does what leads forward and, where that fails before the point of no return, what undoes it. A
 * run that has lost its operation does neither: whoever took it over does.
 *
 * @param undo also ends the operation
 * @param complete ends an operation past that point, with what went wrong after it, null for nothing
 */
export async function carry(
  run: Run,
  forward: () => Promise<void>,
  undo: (cause: unknown) => Promise<void>,
  complete: (cause: unknown) => Promise<void>,
): Promise<void> {
  let cause: unknown = null;
  try {
    await forward();
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    if (!run.operation.isForward) return undo(error);
    cause = error;
  }
  return complete(cause);
}
