/** `using` for the classes that hold memory, also where the engine has no Symbol.dispose (WebKit). */

/** The symbol transpiled `using` looks for where there is no native one. */
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

/** @internal Makes `[Symbol.dispose]` of a class call its `dispose`; the class declares the member for the types. */
export function disposable(prototype: { dispose(): void }): void {
  Object.defineProperty(prototype, DISPOSE, {
    value: function (this: { dispose(): void }) {
      this.dispose();
    },
    configurable: true,
    writable: true,
  });
}
