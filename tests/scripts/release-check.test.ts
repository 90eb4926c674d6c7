import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { objections, type Release } from '../../scripts/release-check.ts';

const facts = (version: string, fingerprint: string, releases: readonly Release[]) => ({
  version,
  jsr: version,
  fingerprint,
  changelog: `# Changelog\n\n## ${version}\n`,
  releases,
});
const old = { version: '1.4.0', fingerprint: 'aa' };

test('the same bits are a minor version', () => {
  assert.equal(objections('v1.5.0', facts('1.5.0', 'aa', [old, { version: '1.5.0', fingerprint: 'aa' }])), []);
});

test('other bits are a major version', () => {
  const next = { version: '1.5.0', fingerprint: 'bb' };
  assert.match(objections('v1.5.0', facts('1.5.0', 'bb', [old, next])).join(), /new major version/);
  assert.equal(objections('v1.5.0', facts('1.5.0', 'bb', [old, { ...next, grown: true }])), []);
  assert.equal(objections('v2.0.0', facts('2.0.0', 'bb', [old, { ...next, version: '2.0.0' }])), []);
});

test('before 1.0.0 the minor number stands for the major one', () => {
  const first = { version: '0.1.0', fingerprint: 'aa' };
  assert.match(
    objections('v0.1.1', facts('0.1.1', 'bb', [first, { version: '0.1.1', fingerprint: 'bb' }])).join(),
    /new major version/,
  );
  assert.equal(objections('v0.2.0', facts('0.2.0', 'bb', [first, { version: '0.2.0', fingerprint: 'bb' }])), []);
});

test('tag, changelog and record must be those of the version', () => {
  const good = facts('1.5.0', 'aa', [old, { version: '1.5.0', fingerprint: 'aa' }]);
  assert.match(objections('v1.4.0', good).join(), /the tag is v1.4.0/);
  assert.match(objections('v1.5.0', { ...good, jsr: '1.4.0' }).join(), /jsr.json says 1.4.0/);
  assert.match(objections('v1.5.0', { ...good, changelog: '' }).join(), /no section for 1.5.0/);
  assert.match(objections('v1.5.0', { ...good, releases: [old] }).join(), /ends with 1.4.0/);
  assert.match(objections('v1.5.0', { ...good, fingerprint: 'cc' }).join(), /this tree gives cc/);
});

test.run();
