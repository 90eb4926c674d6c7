import { sinusoidal } from 'posenc';

/** Computed while the page is built. */
export default function Page() {
  return <p>{Array.from(sinusoidal({ length: 2, dim: 4 }).data).join(' ')}</p>;
}
