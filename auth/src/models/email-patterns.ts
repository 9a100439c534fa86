// JavaScript and MongoDB's $jsonSchema read these alike.

/** The form of a new address. The routes are stricter about what people send. */
export const normalisedEmail = /^[!-?\[-~]+@[!-?\[-~]+$/;

/**
 * What MongoDB accepts: also addresses that another service has stored, which an undo or a return writes again. They may
 * have letters beyond ASCII and a quoted local part.
 */
export const storedEmail = /^("[^\x00-\x1FA-Z\x7F]+"|[^\x00-\x20A-Z\x7F@]+)@[^\x00-\x20A-Z\x7F@]+$/;
