/**
 * Bundlers for workerd ship every binary a parsed file names, used or not. So that a Worker with one encoder does not carry the
 * second binary, attach takes it from the caller there. Chosen by the `workerd` condition.
 */
export const byo = undefined;
