import { alertIn, clearAlert, tellOfWaiting } from './alerts';
import { isSignedOut, showFailure } from './failure';

/** The person has changed their mind: nothing failed. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export interface Action {
  button: HTMLButtonElement;
  /** Where failures are said. */
  place: HTMLElement;
  act: () => Promise<void>;
  /** Says a failure; at the top of the place unless given. */
  tell?: (error: unknown) => void;
}

// Nobody wonders for longer whether the button has worked.
const slowMs = 4000;

/** Does what a button is for, once at a time: what is asked for meanwhile is ignored. */
export function once({ button, place, act, tell = (error) => void alertIn(place, error, button) }: Action) {
  let isRunning = false;
  return async (): Promise<void> => {
    if (isRunning || button.getAttribute('aria-disabled') === 'true') return;
    isRunning = true;
    clearAlert(place);
    let waiting: HTMLElement | undefined;
    const slow = setTimeout(() => {
      waiting = tellOfWaiting(place);
    }, slowMs);
    button.setAttribute('aria-busy', 'true');
    try {
      await act();
    } catch (error) {
      if (isSignedOut(error)) showFailure(error);
      else if (!(error instanceof Cancelled)) tell(error);
    } finally {
      clearTimeout(slow);
      waiting?.remove();
      isRunning = false;
      button.removeAttribute('aria-busy');
    }
  };
}

/** A button that does something by itself. */
export function onClick(button: HTMLButtonElement, act: () => Promise<void>, place?: HTMLElement): void {
  const attempt = once({ button, place: place ?? button.closest('section') ?? button, act });
  button.addEventListener('click', () => void attempt());
}
