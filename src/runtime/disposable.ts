/**
 * What `using` needs to know of the classes that hold memory, for consumers whose library has it not: `esnext.disposable` came with
 * TypeScript 5.2. Where the library has it, these declarations merge with its own. Types alone: there is nothing here to run.
 */
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

/** Named so that the declarations of whoever has such a member lead here. */
export type Dispose = () => void;
