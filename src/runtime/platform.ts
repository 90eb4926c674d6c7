/**
 * The few host types of the public surface. TypeScript declares them in its `dom` and `webworker` libraries only, so a consumer
 * with `lib: ["es2022"]` and nothing else has none of them: where a type is missing, its part that posenc uses stands in.
 */
type Instance<Host, Name extends string, Otherwise> = Host extends {
  readonly [N in Name]: { prototype: infer T };
}
  ? T
  : Otherwise;
type Global = typeof globalThis;
type Wasm = Global extends { WebAssembly: infer T } ? T : object;

export type WasmMemory = Instance<
  Wasm,
  'Memory',
  { readonly buffer: ArrayBuffer | SharedArrayBuffer; grow(delta: number): number }
>;
/** Without WebAssembly types a module is opaque. */
export type WasmModule = Instance<Wasm, 'Module', object>;
export type HostUrl = Instance<Global, 'URL', { readonly href: string; readonly protocol: string }>;
export type HostResponse = Instance<
  Global,
  'Response',
  { readonly ok: boolean; readonly status: number; readonly url: string; arrayBuffer(): Promise<ArrayBuffer> }
>;
