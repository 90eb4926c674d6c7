/** Rows of single kernels that several encodings share: conversions, elementwise functions, products. */
import { type Dtype, Tensor } from 'posenc';
import { type KernelName, kernelsOf } from 'posenc/kernels';
import { UNARY } from '../src/runtime/operations.ts';
import { type Case, conversion, joiner, numbers, producer } from './case.ts';
import * as peers from './peers/dense.ts';

/** Numbers of a conversion: 16 KiB and 1 MiB of float32. */
const LENGTHS = [4096, 262144];
/** mapUnary: 256 KiB. */
const VALUES = [256, 256];

const conversions: readonly Case[] = (['bfloat16', 'float16'] as const).flatMap((dtype) => {
  const narrow = dtype === 'bfloat16' ? 'narrowBfloat16' : 'narrowFloat16';
  const widenInto = (codes: Tensor<Dtype>, floats: Tensor) => {
    const { kernels } = kernelsOf(floats.engine);
    const n = floats.length;
    // whole codes in one row, at their places; float16 takes the scale and limit of its rebiasing as well
    return dtype === 'bfloat16'
      ? () => kernels.widenBfloat16(floats.byteOffset, codes.byteOffset, 0, 1, n)
      : () => kernels.widenFloat16(floats.byteOffset, codes.byteOffset, 0, 1, n, 2 ** 112, 2 ** 16);
  };
  return LENGTHS.flatMap((length) => [
    conversion(`kernels.${dtype}.widen`, dtype, 'widen', length, (codes, floats) => {
      kernelsOf(floats.engine).kernels[narrow](codes.byteOffset, floats.byteOffset, length);
      const run = widenInto(codes, floats);
      const plain = Uint16Array.from(codes.data);
      return { ours: run, kernel: run, peers: { 'typed JS': peers.widen(dtype, plain) } };
    }),
    conversion(`kernels.${dtype}.narrow`, dtype, 'narrow', length, (codes, floats) => {
      const { kernels } = kernelsOf(floats.engine);
      const run = () => kernels[narrow](codes.byteOffset, floats.byteOffset, length);
      return { ours: run, kernel: run, peers: { 'typed JS': peers.narrow(dtype, floats.toFloat32Array()) } };
    }),
  ]);
});

const functions: readonly Case[] = [
  ...Object.entries(UNARY).map(([name, code]) =>
    joiner(`kernels.unary.${name}`, VALUES, (x, out) => {
      // away from 0, where log is steep, and from what only rounding tells apart
      x.data.set(x.data.map((value) => 0.01 + Math.abs(3 * value)));
      const { kernels, coefficients } = kernelsOf(x.engine);
      const plain = x.toFloat32Array();
      return {
        ours: () => kernels.mapUnary(out.byteOffset, x.byteOffset, x.length, code, coefficients),
        peers: { 'typed JS': peers.unary(name, plain) },
        tolerance: 1.2e-7,
      };
    }),
  ),
  joiner('kernels.unary.pow', VALUES, (x, out) => {
    x.data.set(x.data.map((value) => 0.01 + Math.abs(3 * value)));
    const { kernels, coefficients } = kernelsOf(x.engine);
    const plain = x.toFloat32Array();
    const exponent = 1.7;
    return {
      ours: () => kernels.mapPow(out.byteOffset, x.byteOffset, x.length, exponent, coefficients),
      peers: { 'typed JS': (own) => peers.power(plain, exponent, own) },
      tolerance: 1.2e-7,
    };
  }),
];

/** [m, n] from an inner dimension of d: a layer, and the two products of attention. */
const PRODUCTS = [
  ['linear', 128, 512, 512],
  ['productTransposed', 512, 512, 64],
  ['product', 512, 64, 512],
] as const satisfies readonly (readonly [KernelName, number, number, number])[];

const products: readonly Case[] = PRODUCTS.map(([name, m, n, d]) =>
  producer(`kernels.dense.${name}`, [m, n], (out) => {
    const { kernels, coefficients } = kernelsOf(out.engine);
    const [left, right, bias] = [numbers([m, d], 1), numbers([n, d], 2), numbers([n], 3)];
    const place = (plain: Float32Array) => Tensor.from(plain, [plain.length], { engine: out.engine }).byteOffset;
    const [a, b, c] = [place(left), place(right), place(bias)];
    const to = out.byteOffset;
    return {
      linear: {
        ours: () => kernels.linear(to, a, b, c, m, d, n, 4 * d, 4 * n, 0, coefficients),
        peers: { 'typed JS': (own: Float32Array) => peers.productTransposed(left, right, m, n, d, own, bias) },
        tolerance: 1e-5,
      },
      productTransposed: {
        ours: () => kernels.productTransposed(to, a, b, m, n, d, 4 * d, 4 * d, 4 * n, 1),
        peers: { 'typed JS': (own: Float32Array) => peers.productTransposed(left, right, m, n, d, own) },
        tolerance: 1e-5,
      },
      product: {
        ours: () => kernels.product(to, a, b, m, n, d, 4 * d, 4 * n, 4 * n, 0),
        peers: { 'typed JS': (own: Float32Array) => peers.product(left, right, m, n, d, own) },
        tolerance: 1e-5,
      },
    }[name];
  }),
);

export const kernels: readonly Case[] = [...conversions, ...functions, ...products];
