// When the page changes, another button may come to stand under a finger that is on its way: "I have
// arrived" where "I am coming" was, or the next call's. What was meant for one must not reach the
// other, so that touches wait until people have seen what is there now. Keys go on as they are.
const SETTLE_MS = 500;
// However much changes, most of the time can be touched.
const REST_MS = 1000;
// A button that has moved by less is still the one under the finger.
const SAME_PX = 6;

let settledAt = -REST_MS;

/** Does what changes the page; touches wait if another button stands now where one stood before. */
export function steadily(change) {
  const before = buttonsNow();
  change();
  settle(before);
}

/** Shows or hides a bar above the page, which moves all that is below. */
export function showBar(bar, isThere) {
  if (bar.hidden === isThere) steadily(() => (bar.hidden = !isThere));
}

function buttonsNow() {
  return [...document.querySelectorAll("[data-live] :is(button, a.btn, summary)")]
    .map((one) => ({ what: whatItDoes(one), box: one.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0);
}

function whatItDoes(one) {
  const { focus = "" } = one.dataset;
  return [focus, one.getAttribute("formaction"), one.getAttribute("href"), one.value, one.textContent].join(" ");
}

function settle(before) {
  const now = performance.now();
  if (now - settledAt < SETTLE_MS + REST_MS || !buttonsNow().some((one) => takesAPlace(one, before))) return;
  settledAt = now;
  document.body.classList.add("settling");
  setTimeout(() => document.body.classList.remove("settling"), SETTLE_MS);
}

function takesAPlace(one, before) {
  const there = before.filter(({ box }) => overlap(box, one.box));
  return there.some(({ what }) => what !== one.what);
}

function overlap(a, b) {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return wide > SAME_PX && high > SAME_PX;
}
