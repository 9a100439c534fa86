/** Is replaced by the number of a request. It is as long as the numbers, so that a Content-Length stays right. */
export const numberMark = '########';
