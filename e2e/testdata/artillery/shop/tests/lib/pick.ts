export type Word = string;

export function pick(words: readonly Word[]): Word {
  return words[0];
}
