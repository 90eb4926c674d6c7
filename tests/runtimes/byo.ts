/** The binary attach is given: none, it embeds its own. bundles.ts puts byo.workerd.ts in its place for workerd. */
export const byo: WebAssembly.Module | undefined = undefined;
