/** The files of a simulated host. */
export class SimDisk {
  readonly #files = new Map<string, string>();
  slowUntilMs = 0;
  /** Those that were not synced. */
  readonly #loose = new Set<string>();

  /** Null where there is no such file. */
  read(name: string): string | null {
    return this.#files.get(name) ?? null;
  }

  replace(name: string, text: string, { isSynced }: { readonly isSynced: boolean }): void {
    this.#files.set(name, text);
    if (isSynced) this.#loose.delete(name);
    else this.#loose.add(name);
  }

  removeFolder(name: string): void {
    for (const file of this.#files.keys())
      if (file.startsWith(`${name}/`)) this.#files.delete(file);
  }

  /** Leaves nothing of what was not synced, the worst that can be. */
  powerCut(): void {
    for (const name of this.#loose) this.#files.delete(name);
    this.#loose.clear();
  }
}
