import { once } from './action';
import { alertIn } from './alerts';
import { byId, el, focusOn } from './dom';
import { words } from './words/words';

/**
 * Loads a part of the page by itself, also once more: it says that it waits, and what has failed, with a button to try
 * again. It never rejects, so what becomes of one part is nothing to the others.
 */
export async function loadPart(id: string, load: () => Promise<void>): Promise<void> {
  const part = byId(id, HTMLElement);
  part.querySelector(':scope > [data-again]')?.remove();
  const again = el('button', { type: 'button', 'data-again': true }, words.common.tryAgain);
  const attempt = once({
    button: again,
    place: part,
    act: async () => {
      await whileLoading(part, load);
      const hadFocus = document.activeElement === again;
      again.remove();
      if (hadFocus) focusOn(part.closest('section')?.querySelector('h2') ?? part);
    },
    tell: (error) => {
      alertIn(part, error, again).after(again);
    },
  });
  again.addEventListener('click', () => void attempt());
  await attempt();
}

async function whileLoading(part: HTMLElement, load: () => Promise<void>): Promise<void> {
  const loading = part.querySelector<HTMLElement>(':scope > [data-loading]');
  if (loading) loading.hidden = false;
  try {
    await load();
  } finally {
    if (loading) loading.hidden = true;
  }
}
