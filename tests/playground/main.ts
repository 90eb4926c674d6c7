/**
 * npm run test:playground: the built page in real browsers. Chromium is walked through by keyboard, pointer and address, from
 * loopback and from file://; Firefox and WebKit, where present and asked for (`-- all`), make the tour of all views. Pictures of
 * every view: build/playground/screenshots; `-- pictures` also takes README's.
 */
import { test } from 'uvu';
import { accessTests } from './access.ts';
import { costTests } from './cost.ts';
import { findingTests } from './finding.ts';
import { browser, server } from './harness.ts';
import { modelTests } from './model.ts';
import { pictureTests } from './pictures.ts';
import { sentenceTests } from './sentence.ts';
import { siteTests } from './site.ts';
import { tourTests } from './tour.ts';

tourTests(test);
sentenceTests(test);
findingTests(test);
modelTests(test);
accessTests(test);
siteTests(test);
costTests(test);
pictureTests(test);

test('the end', async () => {
  await browser.close();
  server.close();
});

test.run();
