import { errorCodes, type CodeOf } from './error-codes';

/** What is wrong with one input. It never repeats the submitted value. */
export class Problem {
  constructor(
    readonly code: CodeOf<400>,
    readonly message: string = errorCodes[code].message,
  ) {}
}
