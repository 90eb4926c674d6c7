import './queue.ts';

export { runAll } from './suite.ts';
