// The AssemblyScript compiler as every script here calls it: targets of asconfig.json, and the constants of src/runtime, which
// both languages read, as literals.
import { Node, NodeKind } from 'assemblyscript';
import asc from 'assemblyscript/asc';
import { Transform } from 'assemblyscript/transform';

/**
 * Constants of src/runtime become literals where kernels use them. Without it they are WebAssembly globals until late in the
 * optimiser, after it has decided which loops to merge: loops written once per mode then ask for the mode at every turn.
 * AssemblyScript has `@inline` for this, which TypeScript does not take on a constant.
 */
class InlineConstants extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) {
      if (!source.internalPath.startsWith('src/runtime/')) continue;
      for (const statement of source.statements) {
        if (statement.kind !== NodeKind.Variable) {
          throw new Error(`${source.normalizedPath}: kernels read this file, it may hold constants alone`);
        }
        for (const declaration of statement.declarations) {
          const name = Node.createIdentifierExpression('inline', declaration.range);
          declaration.decorators = [Node.createDecorator(name, null, declaration.range)];
        }
      }
    }
  }
}

/** Compiles `entry` for a target; throws what the compiler says, warnings included. */
export async function compile(entry, target, ...options) {
  const { error, stderr } = await asc.main([entry, '--target', target, ...options], {
    stdout: process.stdout,
    transforms: [InlineConstants],
  });
  const messages = stderr?.toString().trim() ?? '';
  if (error || messages) throw new Error(messages || error.message);
}
