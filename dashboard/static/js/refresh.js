// Asks the server for this page again when there is news, and puts in only what has changed.
// The HTML is made in one place, on the server; here nothing is drawn.
import { tick } from "./clock.js";
import { live } from "./live.js";
import { announce } from "./announce.js";
import { renewalFailed, renewalWorked, signedOut } from "./stale.js";
import { keepErrors } from "./act.js";
import { steadily } from "./steady.js";

// Further news within this time joins one request: a storm must not become one of requests.
const GATHER_MS = 40;
const PAUSE_MS = 250;
// Also without news: it keeps the session of a quiet night and shows what no event tells. A page on
// which that matters more, such as a seat that is still taken, asks to be renewed sooner.
const ANYWAY_MS = 1000 * (document.querySelector("[data-renew-s]")?.dataset.renewS ?? 30);
const ANSWER_MS = 8000;
const AGAIN_MS = 1500;
// A touch becomes a click only some time after the finger has gone, on a slow phone.
const CLICK_MS = 400;

let timer = null;
let busy = false;
let wanted = false;
let pointerDown = 0;
// The field in which a word is being put together (Chinese is typed so): its row waits.
let composing = null;
const shown = new WeakMap();

/** Renews the page soon; resolves when it has been done. */
export function refreshSoon(delay = GATHER_MS) {
  wanted = true;
  if (timer === null && !busy) timer = setTimeout(refresh, delay);
}

export async function refresh() {
  clearTimeout(timer);
  timer = null;
  if (busy) {
    wanted = true;
    return;
  }
  busy = true;
  wanted = false;
  const why = await fetchAndPut().catch(() => "beat");
  busy = false;
  if (why) {
    renewalFailed(why);
    refreshSoon(AGAIN_MS);
  } else {
    renewalWorked();
    if (wanted) refreshSoon(PAUSE_MS);
  }
}

// Puts in what is new; or says which cause of staleness kept it from that.
async function fetchAndPut() {
  const answer = await fetch(location.href, {
    headers: { "X-Requested-With": "fetch" },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") return signedOut();
  if (answer.status >= 500) return answer.status === 503 ? "store" : "beat";
  if (!answer.ok) return location.reload(); // the page itself says what is wrong
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  await untilReleased();
  put(fresh);
}

// A button must not be exchanged between the press and the release of a finger.
async function untilReleased() {
  for (let turn = 0; turn < 40 && performance.now() - pointerDown < 2000 && pointerDown; turn += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
}

function put(fresh) {
  // A closed incident has another page than an open one; the difference is more than its regions.
  const shape = document.querySelector("[data-shape]")?.dataset.shape;
  if (shape !== fresh.querySelector("[data-shape]")?.dataset.shape) return location.reload();
  const focused = focusKey();
  steadily(() => {
    for (const region of document.querySelectorAll("[data-live]")) {
      const renewed = fresh.getElementById(region.id);
      if (renewed) putRegion(region, renewed);
    }
  });
  document.title = fresh.title;
  restoreFocus(focused);
  keepErrors();
  tick();
}

function putRegion(region, renewed) {
  if (region.className !== renewed.className) region.className = renewed.className;
  const old = new Map([...region.querySelectorAll(":scope > [data-key]")].map((one) => [one.dataset.key, one]));
  const children = [...renewed.children];
  if (children.some((child) => !child.dataset.key)) {
    // A region with a heading: its keyed child is exchanged in its place, the rest stays.
    for (const child of children.filter((one) => one.dataset.key)) {
      const before = region.querySelector(":scope > [data-key]");
      if (before) before.replaceWith(same(before, child) ? before : adopt(child, before));
      else region.append(adopt(child, null));
    }
    return;
  }
  // First, since a row that only moves up would lose the focus.
  const keys = new Set(children.map((child) => child.dataset.key));
  for (const [key, gone] of old) {
    if (keys.has(key)) continue;
    gone.remove();
    old.delete(key);
  }
  let place = region.firstElementChild;
  for (const child of children) {
    const before = old.get(child.dataset.key);
    old.delete(child.dataset.key);
    if (before && (before.contains(composing) || same(before, child))) {
      if (before !== place) region.insertBefore(before, place);
      else place = place.nextElementSibling;
      continue;
    }
    const node = adopt(child, before);
    if (before && before === place) place = place.nextElementSibling;
    before?.remove();
    announce(node, before);
    region.insertBefore(node, place);
  }
}

// Compared with what the server said last time, since clocks and open lists have moved since. What
// was answered to something typed is no news, nor that a page by itself has no such answer.
function same(before, child) {
  const text = said(child);
  return shown.get(before) === text;
}

function said(child) {
  const copy = child.cloneNode(true);
  for (const one of copy.querySelectorAll("[data-count-from], [data-count-to], [data-clock]")) one.textContent = "";
  for (const one of copy.querySelectorAll("[data-answer]")) one.remove();
  for (const one of copy.querySelectorAll("[data-typed], input[name=csrf_token], input[name=once]")) {
    for (const name of ["value", "aria-invalid", "aria-describedby"]) one.removeAttribute(name);
  }
  return copy.outerHTML;
}

function adopt(child, before) {
  const text = said(child);
  const node = document.importNode(child, true);
  shown.set(node, text);
  for (const details of before?.querySelectorAll("details[data-key][open]") ?? []) {
    const twin = node.querySelector(`details[data-key="${CSS.escape(details.dataset.key)}"]`);
    if (twin) twin.open = true;
  }
  for (const typed of before?.querySelectorAll("[data-typed]") ?? []) {
    const twin = node.querySelector(`[name="${CSS.escape(typed.name)}"]`);
    if (twin && typed.value) twin.value = typed.value;
  }
  return node;
}

function focusKey() {
  const one = document.activeElement;
  if (!one || !one.closest("[data-live]")) return null;
  return {
    focus: one.dataset.focus ?? null,
    incident: one.closest("[data-incident]")?.dataset.incident ?? null,
    href: one.getAttribute("href"),
    marked: one.selectionStart == null ? null : [one.selectionStart, one.selectionEnd],
  };
}

// The same button; if it has gone, the next one of its card; else the card.
function restoreFocus(key) {
  if (!key || (document.activeElement && document.activeElement !== document.body)) return;
  const find = (selector) => document.querySelector(selector);
  const card = key.incident && find(`[data-incident="${CSS.escape(key.incident)}"]`);
  const next =
    (key.focus && find(`[data-focus="${CSS.escape(key.focus)}"]`)) ||
    card?.querySelector("details.closer[open] .outcome") ||
    card?.querySelector(".btn.primary") ||
    card ||
    (key.href && find(`[data-live] a[href="${CSS.escape(key.href)}"]`)) ||
    find("main");
  next?.focus({ preventScroll: true });
  if (key.marked && next?.dataset.focus === key.focus) next.setSelectionRange(...key.marked);
}

export function startRefresh() {
  for (const one of document.querySelectorAll("[data-live] > [data-key]")) shown.set(one, said(one));
  for (const name of ["news", "refused"]) live.addEventListener(name, () => refreshSoon());
  setInterval(() => refreshSoon(), ANYWAY_MS);
  addEventListener("compositionstart", (event) => (composing = event.target), true);
  addEventListener("compositionend", () => (composing = null), true);
  addEventListener("pointerdown", () => (pointerDown = performance.now()), true);
  const release = (delay) => {
    const finger = pointerDown; // another may have come down by then
    setTimeout(() => finger === pointerDown && (pointerDown = 0), delay);
  };
  addEventListener("pointerup", () => release(CLICK_MS), true);
  for (const name of ["click", "pointercancel"]) addEventListener(name, () => release(0), true);
}
