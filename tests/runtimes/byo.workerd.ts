/** workerd takes compiled modules only, and attach takes this one from its caller there. */
export { default as byo } from '../../dist/posenc.byo.wasm';
