import { HtmlValidate } from 'html-validate';
import { buildPages } from '../../../dev/pages/build-pages';
import { pagePaths } from '../page-paths';

const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:document'],
  rules: {
    // Prettier writes these two in its own way.
    'void-style': 'off',
    'doctype-style': 'off',
    // A state that is hidden has a heading of its own: one is shown at a time.
    'heading-level': ['error', { allowMultipleH1: true }],
    'long-title': 'off',
    // They are files of the same service.
    'require-sri': 'off',
  },
});

describe('the HTML of the pages', () => {
  it('is valid', async () => {
    const { documents } = await buildPages();
    expect([...documents.keys()].sort()).toEqual([...Object.values(pagePaths), 'not-found'].sort());
    for (const [name, html] of documents) {
      const { results } = await validator.validateString(html.replace('{{settings}}', ''), name);
      const messages = results.flatMap((result) => result.messages);
      expect(messages.map(({ ruleId, message, line }) => `${name}:${line} ${ruleId} ${message}`)).toEqual([]);
    }
  });
});
