import { BridgeheadError } from '../domain/errors.ts';

export const kinds = ['host', 'pool', 'instance', 'event'] as const;
export type Kind = (typeof kinds)[number];

/** The kind that `word` names in the singular or the plural. @throws BridgeheadError REQUEST_INVALID */
export function kindOf(word: string): Kind {
  const kind = kinds.find((one) => word === one || word === `${one}s`);
  if (kind !== undefined) return kind;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${JSON.stringify(word)} is no kind of object`,
    `Choose one of ${kinds.map((one) => `${one}s`).join(', ')}.`,
  );
}
