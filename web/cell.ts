import { useEffect, useState } from 'preact/hooks';

/** A value that tells who listens when it is another. */
export class Cell<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set value(value: Value) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** @returns how it is ended */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What a component takes of a cell; it is drawn anew where that is another. */
export function useCell<Value, Taken = Value>(
  cell: Cell<Value>,
  take: (value: Value) => Taken = (value) => value as unknown as Taken,
): Taken {
  const [, draw] = useState({});
  const taken = take(cell.value);
  useEffect(() => {
    let last = take(cell.value);
    if (!Object.is(last, taken)) draw({});
    return cell.listen(() => {
      const next = take(cell.value);
      if (Object.is(next, last)) return;
      last = next;
      draw({});
    });
  }, [cell]);
  return taken;
}
