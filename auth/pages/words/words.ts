import { words as english, type Words } from './en';

/** Another language is a file like `en.ts`, chosen here. */
export const words: Words = english;
