/** Asynchronous making of the default engine, shared by `init` of every entry. */
import {
  createEngine,
  type EngineOptions,
  explainCompileFailure,
  hasDefaultEngine,
  setDefaultEngine,
} from './engine.ts';
import { PosencError, show } from './errors.ts';
import type { HostResponse, HostUrl, WasmModule } from './platform.ts';

export type WasmSource =
  | WasmModule
  | ArrayBuffer
  | ArrayBufferView<ArrayBuffer>
  | HostUrl
  | string
  | HostResponse
  | Promise<HostResponse>;

/** @internal */
export async function initFrom(
  source: WasmSource | undefined,
  engineOptions: Omit<EngineOptions, 'wasm'> = {},
): Promise<void> {
  if (hasDefaultEngine()) {
    throw new PosencError(
      'ERR_OPTION',
      'init: the default engine exists already; call init once, before the first encoder',
    );
  }
  const wasm = source === undefined ? undefined : await moduleOf(source);
  if (hasDefaultEngine()) throw new PosencError('ERR_OPTION', 'init: another call made the default engine meanwhile');
  setDefaultEngine(createEngine({ ...engineOptions, wasm }));
}

async function moduleOf(source: WasmSource): Promise<WebAssembly.Module> {
  const given = await source;
  const tag = Object.prototype.toString.call(given).slice(8, -1);
  if (tag === 'WebAssembly.Module') return given as WebAssembly.Module;
  let bytes: BufferSource;
  if (tag === 'ArrayBuffer' || ArrayBuffer.isView(given)) bytes = given as BufferSource;
  else if (tag === 'Response') bytes = await bytesOf(given as Response);
  else if (tag === 'URL' || typeof given === 'string') bytes = await load(given as URL | string);
  else {
    throw new PosencError(
      'ERR_OPTION',
      `source: expected a URL, Response, bytes or WebAssembly.Module, got ${show(given)}`,
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw explainCompileFailure(bytes, cause);
  }
}

/** The part of Node's process that gives its file system. */
interface BuiltinModules {
  getBuiltinModule?(name: string): { readFileSync(path: URL): Uint8Array } | undefined;
}

async function load(address: URL | string): Promise<BufferSource> {
  const url = typeof address === 'string' ? new URL(address, globalThis.location?.href) : address;
  if (url.protocol === 'file:') {
    // Node does not fetch files; the module is asked for at run time so that bundles for browsers do not contain it
    const node = (globalThis as { process?: BuiltinModules }).process;
    const fs = node?.getBuiltinModule?.('node:fs');
    if (fs) return fs.readFileSync(url) as Uint8Array<ArrayBuffer>;
  }
  return bytesOf(await fetch(url));
}

async function bytesOf(response: Response): Promise<ArrayBuffer> {
  if (!response.ok) {
    throw new PosencError(
      'ERR_OPTION',
      `source: ${response.url} answered ${response.status}; give the address of posenc.simd.wasm`,
    );
  }
  return response.arrayBuffer();
}
