export type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/** Makes an element. A child that is text is text: nothing here becomes HTML. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string | undefined)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/**
 * The element of the page with that id.
 * @throws {Error} if there is none of that type
 */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

/** Shows one state of the page and hides the others. A new state is announced by its heading, which gets the focus. */
export function showState(name: string): HTMLElement {
  const states = document.querySelectorAll<HTMLElement>('[data-state]');
  const before = [...states].find((state) => !state.hidden);
  for (const state of states) state.hidden = state.dataset['state'] !== name;
  const shown = [...states].find((state) => !state.hidden);
  if (!shown) throw new Error(`the page has no state ${name}`);
  const heading = shown.querySelector('h1');
  if (heading) document.title = document.title.replace(/^.*?(?= · )/, () => heading.textContent);
  if (before && before !== shown && before.dataset['state'] !== 'loading') focusOn(heading ?? shown);
  return shown;
}

/** Moves the focus to something that is no control, so that it is read out and the next Tab goes on from there. */
export function focusOn(element: HTMLElement): void {
  element.tabIndex = -1;
  element.focus();
}
