import { words } from "shop-words";
import { pick, type Word } from "./pick";

type Context = { vars: Record<string, unknown> };
type Events = { emit(kind: "counter" | "histogram", name: string, value: number): void };

export async function choose(context: Context): Promise<void> {
  const word: Word = pick(words);
  context.vars.word = word;
}

export function count(context: Context, events: Events, done: () => void): void {
  events.emit("counter", "shop.words", 1);
  events.emit("histogram", "shop.basket", Number(context.vars.basket));
  done();
}

export function seen(_req: unknown, res: { statusCode: number }, _context: Context, events: Events, next: () => void): void {
  events.emit("counter", `shop.seen.${res.statusCode}`, 1);
  next();
}
