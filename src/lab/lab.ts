// The lab: a whole fleet in network namespaces on one machine. What the CLI and the end-to-end
// tests call; each function stands in a file of its own.

export { labDown } from './down.ts';
export { labExec } from './exec.ts';
export { labCrash, labHang, labHeal, labPanic, labPartition } from './faults.ts';
export { labKill } from './kill-part.ts';
export type { LabOptions } from './lab-handle.ts';
export { type LoadOptions, labLoad } from './load.ts';
export type { LoadSummary } from './load-summary.ts';
export { labContextPath } from './paths.ts';
export { labPortDefault } from './prepare.ts';
export { type LabStatus, labStatus } from './status.ts';
export type { LabStep, Report } from './steps.ts';
export { hostsDefault, hostsMax, type PartitionFrom, partitionKinds } from './topology.ts';
export { type LabSummary, type LabUpOptions, labUp } from './up.ts';
