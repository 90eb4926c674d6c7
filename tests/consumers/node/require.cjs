const { fingerprint, sinusoidal } = require('posenc');
const reference = require('posenc/reference');

const options = { length: 5, dim: 16 };
const theirs = reference.sinusoidal(options).data;
if (sinusoidal(options).data.some((x, i) => Math.abs(x - theirs[i]) > 1e-7)) throw new Error('the reference differs');
console.log(fingerprint());
