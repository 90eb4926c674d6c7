/**
 * Content-Security-Policy in real browsers: under `script-src 'self'` the error names both ways out and the reference works;
 * with 'wasm-unsafe-eval' the WebAssembly entry does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import * as reference from '../../src/reference/index.ts';
import { serve, visit } from './browsers.ts';
import { built } from './bundles.ts';
import { type Answer, OPTIONS } from './page.ts';
import type { Result } from './suite.ts';

const HTML =
  '<!doctype html><meta charset="utf-8"><title>posenc</title><script type="module" src="./page.mjs"></script>';

export async function visitUnderPolicies(browser: 'chromium' | 'firefox', command: string): Promise<string> {
  const result: Result = { passed: 0, failed: 0, fingerprint: '', errors: [] };
  const check = async (policy: string, fn: (answer: Answer) => void) => {
    try {
      const files = {
        '/': { type: 'text/html', body: HTML },
        '/page.mjs': { type: 'text/javascript', body: readFileSync(join(built, 'page.mjs')) },
      };
      const answer = JSON.parse(await visit(browser, command, await serve(files, policy))) as Answer;
      assert.equal(answer.reference, Array.from(reference.sinusoidal(OPTIONS).data));
      fn(answer);
      result.passed++;
    } catch (error) {
      result.failed++;
      result.errors.push(`${policy}: ${(error as Error).message}`);
    }
  };
  await check("script-src 'self'", (answer) => {
    assert.is(answer.code, 'ERR_WASM_BLOCKED', answer.message ?? 'the policy did not block');
    assert.match(answer.message!, "'wasm-unsafe-eval'");
    assert.match(answer.message!, "'posenc/reference'");
  });
  await check("script-src 'self' 'wasm-unsafe-eval'", (answer) => {
    assert.is(answer.code, undefined, answer.message);
    result.fingerprint = answer.fingerprint!;
  });
  return JSON.stringify(result);
}
