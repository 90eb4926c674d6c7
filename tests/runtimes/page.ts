/** The page of the CSP checks: tries the WebAssembly entry, then the reference, and posts what happened. */
import { fingerprint, sinusoidal } from 'posenc';
import * as reference from 'posenc/reference';

export interface Answer {
  fingerprint?: string;
  code?: string;
  message?: string;
  reference: number[];
}

export const OPTIONS = { length: 3, dim: 6, offset: 100 };

if (typeof document !== 'undefined') {
  const answer: Answer = { reference: Array.from(reference.sinusoidal(OPTIONS).data) };
  try {
    sinusoidal(OPTIONS);
    answer.fingerprint = fingerprint();
  } catch (error) {
    answer.code = (error as { code?: string }).code ?? String(error);
    answer.message = (error as Error).message;
  }
  await fetch('./result', { method: 'POST', body: JSON.stringify(answer) });
}
