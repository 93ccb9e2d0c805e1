// On every page but the board: a bar that names the gravest unanswered call and leads there. A drill
// is marked, and never stands before a real call.
import { serverNow, stopwatch } from "./clock.js";
import { live, state } from "./live.js";
import { say } from "./announce.js";
import { showBar } from "./steady.js";

const bar = document.getElementById("callbar");
const GRAVE = { urgent: 0, silent: 1, call: 2, seat: 3 };
let named = "";

function look() {
  const unanswered = [...state.incidents.values()]
    .filter((one) => one.stage === "raised" || one.overdue)
    .sort((a, b) => a.drill - b.drill || GRAVE[a.kind] - GRAVE[b.kind] || a.raised_at.localeCompare(b.raised_at));
  const first = unanswered[0];
  showBar(bar, Boolean(first));
  if (!first) {
    named = "";
    return;
  }
  bar.classList.toggle("kind-urgent", first.kind === "urgent");
  for (const one of bar.querySelectorAll("[data-callbar-kind]")) one.hidden = one.dataset.callbarKind !== first.kind;
  bar.querySelector("[data-callbar-drill]").hidden = !first.drill;
  bar.querySelector("[data-callbar-text]").textContent = first.label;
  const more = bar.querySelector("[data-callbar-more]");
  more.hidden = unanswered.length < 2;
  more.textContent = more.dataset.callbarMore.replace("{number}", unanswered.length - 1);
  sayOnce();
  bar.querySelector("[data-callbar-time]").textContent = stopwatch(serverNow() - Date.parse(first.raised_at));
}

function sayOnce() {
  const kind = bar.querySelector("[data-callbar-kind]:not([hidden])")?.textContent ?? "";
  const drill = bar.querySelector("[data-callbar-drill]:not([hidden])")?.textContent ?? "";
  const more = bar.querySelector("[data-callbar-more]:not([hidden])")?.textContent ?? "";
  const name = `${drill} ${kind} ${bar.querySelector("[data-callbar-text]").textContent} ${more}`;
  if (name !== named) say(name);
  named = name;
}

export function startCallBar() {
  if (!bar) return;
  live.addEventListener("news", look);
  setInterval(look, 500);
}
