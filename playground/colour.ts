/**
 * Colour maps, computed: safe for every common kind of colour blindness, monotone in lightness.
 * Sequential: the polynomial fit of viridis (van der Walt & Smith) by Matt Zucker, shadertoy.com/view/WlfXRN.
 * Diverging: blue - neutral - orange, mixed in OKLab (Ottosson, bottosson.github.io/posts/oklab).
 */
export type Palette = 'sequential' | 'diverging' | 'categories';
export type Theme = 'light' | 'dark';
export type Rgb = readonly [number, number, number];

/** Steps of a map; the entry behind the last one is the colour of masked and missing cells. */
export const STEPS = 256;

const VIRIDIS: readonly Rgb[] = [
  [0.2777273272234177, 0.005407344544966578, 0.3340998053353061],
  [0.1050930431085774, 1.404613529898575, 1.384590162594685],
  [-0.3308618287255563, 0.214847559468213, 0.09509516302823659],
  [-4.634230498983486, -5.799100973351585, -19.33244095627987],
  [6.228269936347081, 14.17993336680509, 56.69055260068105],
  [4.776384997670288, -13.74514537774601, -65.35303263337234],
  [-5.435455855934631, 4.645852612178535, 26.3124352495832],
];

/** Okabe & Ito's eight colours, the order as used here. */
export const CATEGORIES: readonly Rgb[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [120, 120, 120],
  [240, 228, 66],
];

/** The same for lines on paper: what would be too pale (under 3 : 1, WCAG 1.4.11) is darkened. */
const LINES_LIGHT: readonly Rgb[] = [
  [0, 114, 178],
  [176, 112, 0],
  [0, 130, 94],
  [186, 84, 142],
  [30, 138, 192],
  [196, 82, 0],
  [110, 110, 110],
];
const LINES_DARK: readonly Rgb[] = [
  [92, 172, 232],
  [230, 159, 0],
  [30, 186, 134],
  [222, 142, 186],
  [142, 208, 246],
  [240, 120, 40],
  [160, 160, 160],
];
export const lineColours = (theme: Theme): readonly Rgb[] => (theme === 'light' ? LINES_LIGHT : LINES_DARK);

const ENDS: Record<Theme, readonly [Rgb, Rgb, Rgb]> = {
  light: [
    [16, 74, 138],
    [247, 246, 242],
    [176, 80, 0],
  ],
  dark: [
    [116, 186, 255],
    [24, 27, 33],
    [255, 170, 84],
  ],
};
const MASKED: Record<Theme, Rgb> = { light: [222, 220, 214], dark: [44, 48, 56] };

const byte = (x: number) => Math.round(255 * Math.min(1, Math.max(0, x)));

function viridis(t: number): Rgb {
  const at = (channel: number) => byte(VIRIDIS.reduceRight((sum, c) => sum * t + c[channel], 0));
  return [at(0), at(1), at(2)];
}

function toOklab([r, g, b]: Rgb): Rgb {
  const linear = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const [x, y, z] = [linear(r), linear(g), linear(b)];
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z);
  const m = Math.cbrt(0.2119034982 * x + 0.6806995451 * y + 0.1073969566 * z);
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L, a, b]: Rgb): Rgb {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const gamma = (c: number) => byte(c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function diverging(t: number, theme: Theme): Rgb {
  const [low, middle, high] = ENDS[theme].map(toOklab);
  const [from, to, u] = t < 0.5 ? [low, middle, 2 * t] : [middle, high, 2 * t - 1];
  return fromOklab([0, 1, 2].map((i) => from[i] + (to[i] - from[i]) * u) as unknown as Rgb);
}

const tables = new Map<string, Rgb[]>();

/** The STEPS colours of a map and the colour of masked cells. */
export function colours(palette: Palette, theme: Theme): readonly Rgb[] {
  const key = `${palette} ${theme}`;
  const known = tables.get(key);
  if (known) return known;
  const made = Array.from({ length: STEPS }, (_, i) => {
    if (palette === 'categories') return CATEGORIES[i % CATEGORIES.length];
    return palette === 'sequential' ? viridis(i / (STEPS - 1)) : diverging(i / (STEPS - 1), theme);
  });
  made.push(MASKED[theme]);
  tables.set(key, made);
  return made;
}

/** Which of the colours a value takes. */
export function step(value: number, palette: Palette, range: readonly [number, number]): number {
  if (!(value > Number.NEGATIVE_INFINITY && value < Number.POSITIVE_INFINITY)) return STEPS;
  if (palette === 'categories') return value & 255;
  const at = Math.floor(((value - range[0]) / (range[1] - range[0])) * STEPS);
  return at < 0 || range[1] === range[0] ? 0 : at >= STEPS ? STEPS - 1 : at;
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;
