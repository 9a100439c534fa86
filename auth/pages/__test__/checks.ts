import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** What axe-core finds against WCAG 2.2 AA and its best practices. It runs beside the page, whose CSP it does not break. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`${axe};undefined`);
  const results: AxeResults = await page.evaluate(`axe.run(document, { resultTypes: ['violations'] })`);
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** By how many pixels the page is wider than the window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/**
 * What is cut off, or beside the window or its own box: text that nobody can read, and controls that nobody can press. What
 * is meant for screen readers alone does not count.
 */
export const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const { clientWidth } = document.documentElement;
    const note = (element: Element, why: string): void => {
      found.push(`${why}: ${element.outerHTML.slice(0, 120)}`);
    };
    for (const element of document.querySelectorAll('body *')) {
      if (!element.checkVisibility() || element.closest('.hidden, .skip, noscript')) continue;
      const box = element.getBoundingClientRect();
      if (box.left < -1 || box.right > clientWidth + 1) note(element, 'beside the window');
      const isControl = element.matches('input, select');
      if (!isControl && getComputedStyle(element).overflowX !== 'visible') {
        if (element.scrollWidth > element.clientWidth + 1) note(element, 'cut off');
      }
      if (element.matches('dialog') && (box.top < -1 || box.bottom > innerHeight + 1))
        note(element, 'above or below the window');
      const frame = element.closest('button, .button, .badge, .alert, .notice, code, .card, dialog, main');
      const range = document.createRange();
      for (const node of element.childNodes) {
        if (!(node instanceof Text) || node.data.trim() === '' || !frame) continue;
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        const own = frame.getBoundingClientRect();
        if (text.width > 0 && (text.left < own.left - 1 || text.right > own.right + 1))
          note(element, 'text beside its box');
      }
    }
    return found;
  });
