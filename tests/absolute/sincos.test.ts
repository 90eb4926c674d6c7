import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createEngine, sincos2d, sincos3d, Tensor } from '../../src/index.ts';
import { sincosDetr, sincosGrid } from '../../src/reference/index.ts';
import { test } from '../support/test.ts';
import { fails, noise, worst } from './support.ts';

const side = fc.integer({ min: 0, max: 6 });

test('two axes: every variant equals the reference', () => {
  const widths = { tatp22: 1, mae: 4, diffusers: 4, timm: 4, t2t: 1 } as const;
  fc.assert(
    fc.property(
      fc.constantFrom('tatp22', 'mae', 'diffusers', 'timm', 't2t'),
      fc.tuple(side, side),
      fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 300 })),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      fc.boolean(),
      (variant, grid, offset, size, reverseCoord, interleaveSinCos) => {
        const dim = variant === 't2t' ? 8 + size : widths[variant] * size;
        const options: Record<string, unknown> = { variant, grid, offset, dim };
        if (variant === 'timm') Object.assign(options, { reverseCoord, interleaveSinCos, base: 100 });
        if (variant === 'mae') options.prefixTokens = 2;
        if (variant === 'diffusers') {
          const from = [size, offset[1]];
          const referenceGrid = [size + grid[0] + 3, offset[1] + grid[1]];
          Object.assign(options, { interpolationScale: 1.5, baseSize: 7, offset: from, referenceGrid });
        }
        if (variant === 't2t') Object.assign(options, { minTimescale: 2, maxTimescale: 500 });
        const got = sincos2d(options as never);
        const want = sincosGrid(options as never);
        assert.equal(got.shape, want.shape);
        assert.ok(worst(got.data, want.data) <= 6e-8, JSON.stringify(options));
      },
    ),
    { numRuns: 120 },
  );
});

test('three axes: every variant equals the reference', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('tatp22', 'cogvideox', 't2t', 'vjepa', 'prithvi'),
      fc.tuple(side, side, side),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 11 }),
      fc.boolean(),
      (variant, grid, size, more, uniformPower) => {
        const free = variant === 'tatp22' || (variant === 'vjepa' && uniformPower);
        const dim = variant === 't2t' ? 12 + more : free ? size + more : 16 * size;
        const options: Record<string, unknown> = { variant, grid, dim, offset: [1, 0, 5] };
        if (variant === 'cogvideox') Object.assign(options, { spatialInterpolationScale: 1.875 });
        if (variant === 'vjepa') Object.assign(options, { uniformPower, prefixTokens: more % 3 });
        if (variant === 'prithvi') Object.assign(options, { prefixTokens: 1, base: 500 });
        const got = sincos3d(options as never);
        const want = sincosGrid(options as never);
        assert.equal(got.shape, want.shape);
        assert.ok(worst(got.data, want.data) <= 6e-8, JSON.stringify(options));
      },
    ),
    { numRuns: 140 },
  );
});

test('DETR: any padding, with and without normalisation', () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 1000 }),
      (shape, quarter, normalize, seed) => {
        const data = Array.from(noise(shape[0] * shape[1] * shape[2], seed), (v) => (v > 0.8 ? 1 : 0));
        const moved = normalize && seed % 2 === 0 ? { positionOffset: -0.5, scale: 3 } : {};
        const options = { dim: 4 * quarter, mask: { data, shape }, base: 20, normalize, ...moved };
        const got = sincos2d({ variant: 'detr', ...options });
        assert.equal(got.shape, [shape[0], 4 * quarter, shape[1], shape[2]]);
        // a line of padding only is divided by eps: nothing to hold on to
        const want = sincosDetr(options).data;
        assert.ok(worst(got.data, want) <= 6e-8);
      },
    ),
    { numRuns: 60 },
  );
  const plain = sincos2d({ variant: 'detr', dim: 8, grid: [3, 2], batch: 2 });
  const mask = { data: new Uint8Array(12), shape: [2, 3, 2] };
  assert.equal(plain.toFloat32Array(), sincos2d({ variant: 'detr', dim: 8, mask }).toFloat32Array());
});

test('a tile of a grid is the same bits as the part of the whole', () => {
  const whole = sincos2d({ variant: 'tatp22', grid: [40, 50], dim: 12 }).toFloat32Array();
  const tile = sincos2d({ variant: 'tatp22', grid: [7, 9], offset: [31, 40], dim: 12 }).toFloat32Array();
  for (let y = 0; y < 7; y++) {
    const from = ((31 + y) * 50 + 40) * 12;
    assert.equal(tile.slice(y * 9 * 12, (y + 1) * 9 * 12), whole.slice(from, from + 9 * 12));
  }
});

test('SD3: any tile of the reference grid is the same bits as its part of the whole', () => {
  const common = { variant: 'diffusers', dim: 16, baseSize: 5, interpolationScale: 1.25 } as const;
  const whole = sincos2d({ ...common, grid: [24, 30] }).toFloat32Array();
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 29 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (top, left, h, w) => {
        const grid = [Math.min(h, 24 - top), Math.min(w, 30 - left)] as const;
        const tile = sincos2d({ ...common, grid, offset: [top, left], referenceGrid: [24, 30] }).toFloat32Array();
        for (let y = 0; y < grid[0]; y++) {
          const row = ((top + y) * 30 + left) * 16;
          assert.equal(tile.slice(y * grid[1] * 16, (y + 1) * grid[1] * 16), whole.slice(row, row + grid[1] * 16));
        }
      },
    ),
    { numRuns: 40 },
  );
  fails('ERR_OPTION', /offset: .*referenceGrid/, () => sincos2d({ ...common, grid: [4, 4], offset: [1, 0] }));
  fails('ERR_SHAPE', /offset\[1\]: 5 cells from 6 leave a referenceGrid of 10/, () =>
    sincos2d({ ...common, grid: [4, 5], offset: [0, 6], referenceGrid: [10, 10] }),
  );
  fails('ERR_SHAPE', /offset\[0\]/, () =>
    sincos2d({ ...common, grid: [4, 5], offset: [-1, 0], referenceGrid: [10, 10] }),
  );
});

test('a block of frames is the slice of the whole film', () => {
  for (const variant of ['vjepa', 'prithvi', 'cogvideox'] as const) {
    const whole = sincos3d({ variant, grid: [7, 3, 4], dim: 32 }).toFloat32Array();
    const part = sincos3d({ variant, grid: [2, 3, 4], offset: [4, 0, 0], dim: 32 }).toFloat32Array();
    assert.equal(part, whole.slice(4 * 12 * 32, 6 * 12 * 32), variant);
  }
});

test('torch precision rounds angles to float32, and is told from exact', () => {
  const options = { variant: 'mae', grid: [3000, 1], dim: 64 } as const;
  const exact = sincos2d(options).toFloat32Array();
  const torch = sincos2d({ ...options, precision: 'torch' }).toFloat32Array();
  const error = worst(exact, torch);
  assert.ok(error > 1e-6 && error < 1e-3, String(error));
  // at small positions they are the same numbers but for the last bits, an odd last column too
  for (const dim of [5, 6, 7, 13]) {
    const small = { variant: 'tatp22', grid: [3, 4], dim } as const;
    const near = worst(sincos2d({ ...small, precision: 'torch' }).data, sincos2d(small).data);
    assert.ok(near < 3e-7, `${dim}: ${near}`);
  }
});

test('out is written whole, left-over columns too, and nothing is allocated', () => {
  const engine = createEngine({ scratchBytes: 65536 });
  const out = Tensor.zeros([3, 4, 14], { engine });
  out.data.fill(7);
  const options = { variant: 't2t', grid: [3, 4], dim: 14 } as const;
  assert.is(sincos2d({ ...options, out }), out);
  assert.equal(out.toFloat32Array(), sincos2d(options).toFloat32Array());
  engine.dispose();
});

test('bad input is refused by name', () => {
  fails('ERR_OPTION', /variant/, () => sincos2d({ grid: [2, 2], dim: 8 } as never));
  fails('ERR_OPTION', /multiple of 4/, () => sincos2d({ variant: 'mae', grid: [2, 2], dim: 6 }));
  fails('ERR_OPTION', /multiple of 16/, () => sincos3d({ variant: 'cogvideox', grid: [2, 2, 2], dim: 24 }));
  fails('ERR_OPTION', /divides by zero/, () => sincos2d({ variant: 't2t', grid: [2, 2], dim: 7 }));
  fails('ERR_SHAPE', /dim/, () => sincos2d({ variant: 'tatp22', grid: [2, 2], dim: 0 }));
  fails('ERR_SHAPE', /grid: expected 2 sizes/, () => sincos2d({ variant: 'tatp22', grid: [2] as never, dim: 4 }));
  fails('ERR_OPTION', /unknown option 'baseSize'/, () =>
    sincos2d({ variant: 'mae', grid: [2, 2], dim: 4, baseSize: 3 } as never),
  );
  fails('ERR_OPTION', /mask\[1\]/, () =>
    sincos2d({ variant: 'detr', dim: 4, mask: { data: [0, 2], shape: [1, 1, 2] } }),
  );
  fails('ERR_OPTION', /positionOffset: has no effect without normalize/, () =>
    sincos2d({ variant: 'detr', dim: 4, grid: [2, 2], positionOffset: -0.5 }),
  );
  const detr = { variant: 'detr', dim: 4 } as const;
  fails('ERR_OPTION', /dim: .*even number of channels/, () => sincos2d({ ...detr, dim: 6, grid: [2, 2] }));
  fails('ERR_OPTION', /precision/, () => sincos2d({ ...detr, grid: [2, 2], precision: 'torch' }));
  fails('ERR_SHAPE', /grid: expected \[height, width\]/, () => sincos2d({ ...detr, grid: [2] as never }));
  const mask = { data: [0, 1], shape: [1, 1, 2] };
  fails('ERR_OPTION', /batch: belongs to grid/, () => sincos2d({ ...detr, mask, batch: 1 }));
  fails('ERR_SHAPE', /mask: expected \[B, H, W\]/, () => sincos2d({ ...detr, mask: { ...mask, shape: [1, 2] } }));
  fails('ERR_OPTION', /multiple of 8/, () => sincos3d({ variant: 'vjepa', grid: [2, 2, 2], dim: 12 }));
  fails('ERR_OPTION', /'grid'.*'mask'/, () => sincos2d({ variant: 'detr', dim: 4 }));
});

test.run();
