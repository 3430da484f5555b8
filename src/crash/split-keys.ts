/** By what a group of crash reports can be taken apart. */
export const splitKeys = ['release', 'hardware', 'module', 'process', 'caller', 'host'] as const;
export type SplitKey = (typeof splitKeys)[number];
