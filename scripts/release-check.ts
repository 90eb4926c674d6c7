/**
 * node --import tsx scripts/release-check.ts vX.Y.Z: may this tree be released under this tag? The tag must be the version of
 * package.json, the changelog must name it, and the fingerprint must be the recorded one, which may differ from that of the
 * version before only where docs/versioning.md allows it.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { fingerprint } from '../src/index.ts';

export interface Release {
  readonly version: string;
  readonly fingerprint: string;
  /** The battery only grew. */
  readonly grown?: boolean;
}

/** Versions of one line must have the same bits: the major number, or before 1.0.0 the minor one. */
const line = (version: string) => {
  const [major, minor] = version.split('.');
  return major === '0' ? `0.${minor}` : major;
};

/** What forbids the release; empty when nothing does. `releases` are in order, this one last. */
export function objections(
  tag: string,
  facts: { version: string; jsr: string; fingerprint: string; changelog: string; releases: readonly Release[] },
): string[] {
  const found: string[] = [];
  const { version, releases } = facts;
  if (tag !== `v${version}`) found.push(`the tag is ${tag}, package.json says ${version}`);
  if (facts.jsr !== version) found.push(`jsr.json says ${facts.jsr}, package.json ${version}`);
  if (!facts.changelog.split('\n').some((text) => text.startsWith('## ') && text.includes(version)))
    found.push(`CHANGELOG.md has no section for ${version}`);
  const entry = releases.at(-1);
  if (entry?.version !== version) found.push(`docs/fingerprints.json ends with ${entry?.version}, not ${version}`);
  else if (entry.fingerprint !== facts.fingerprint)
    found.push(`docs/fingerprints.json records ${entry.fingerprint}, this tree gives ${facts.fingerprint}`);
  const before = releases
    .slice(0, -1)
    .filter((release) => line(release.version) === line(version))
    .at(-1);
  if (before && before.fingerprint !== facts.fingerprint && !entry?.grown)
    found.push(`other bits than ${before.version}: that is a new major version`);
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const found = objections(process.argv[2] ?? '', {
    version: (JSON.parse(read('package.json')) as { version: string }).version,
    jsr: (JSON.parse(read('jsr.json')) as { version: string }).version,
    fingerprint: fingerprint(),
    changelog: read('CHANGELOG.md'),
    releases: JSON.parse(read('docs/fingerprints.json')) as Release[],
  });
  for (const objection of found) console.error(objection);
  console.log(found.length === 0 ? 'may be released' : 'not to be released');
  process.exit(found.length === 0 ? 0 : 1);
}
