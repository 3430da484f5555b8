/** A name that is safe as a file's, and one word of every HAProxy and runtime API line. */
export const plainNamePattern = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A plain name as it is where it is free, else with the first number in front that makes it so. */
export function freeName(plain: string, taken: ReadonlySet<string>): string {
  let name = plain;
  for (let next = 2; taken.has(name); next += 1) name = `${next}-${plain}`.slice(0, 128);
  return name;
}
