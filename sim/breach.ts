/** A rule was broken: what a simulation looks for. */
export class Breach extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.name = 'Breach';
    this.rule = rule;
  }
}
