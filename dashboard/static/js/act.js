// Sends a touch to the gateway without leaving the page; without this, forms do the same.
import { refresh } from "./refresh.js";

const ERROR_MS = 15000;
const ANSWER_MS = 9000;
// Where "what it was" stood, "how it ended" stands next: a finger that trembles must not choose both.
const CHOOSE_MS = 500;
// As of the pages that work without scripts (pages/forms.py).
const UNSURE = ["gateway_silent", "broker_away", "board_busy"];
let chosenAt = -CHOOSE_MS;
// Touches are sent one after the other, so that a second one, made before the first is answered, is
// not lost; the same touch again while it is under way is one.
let before = Promise.resolve();
const underWay = new Set();
// What could not be done, by incident, so that a renewal of its card does not hide it.
const errors = new Map();

function showError(key, text) {
  for (const place of document.querySelectorAll(`[data-error="${CSS.escape(key)}"]`)) {
    place.hidden = !text;
    if (place.textContent !== text) place.textContent = text;
  }
}

/** Puts the sentences of actions that failed a moment ago into the renewed cards. */
export function keepErrors() {
  for (const [key, error] of errors) {
    if (performance.now() - error.at < ERROR_MS) showError(key, error.text);
    else clearError(key);
  }
}

function clearError(key) {
  errors.delete(key);
  showError(key, "");
}

function setError(key, text) {
  errors.set(key, { text, at: performance.now() });
  showError(key, text);
}

async function send(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    body,
    headers: { "X-Requested-With": "fetch", Accept: "application/json" },
    keepalive: true, // who leaves the page at once has still touched the button
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  const said = isJson ? await answer.json() : null;
  // Signed out meanwhile, or a token of another session: the page itself explains it.
  if (!said || ["csrf", "sign_in_needed"].includes(said.reason)) {
    location.reload();
    return { ok: true };
  }
  return said;
}

async function onSubmit(event) {
  const form = event.target;
  const isCard = form.id === "act";
  if (!isCard && !form.hasAttribute("data-act")) return;
  const button = event.submitter;
  if (isCard && !button) return;
  event.preventDefault();
  const key = isCard ? button.closest("[data-incident]").dataset.incident : form.dataset.act || "do";
  const address = button?.getAttribute("formaction") ?? form.action;
  const body = new FormData(form, button);
  const touch = `${address} ${new URLSearchParams(body)}`;
  if (underWay.has(touch)) return;
  const isHasty = underWay.size > 0 || performance.now() - chosenAt < CHOOSE_MS;
  if (button?.closest(".closer") && isHasty) return;
  underWay.add(touch);
  button?.setAttribute("aria-busy", "true");
  clearError(key);
  try {
    const answer = before.then(() => send(address, body));
    before = answer.catch(() => {});
    const said = await answer;
    if (said.message) setError(key, said.message);
    if (!UNSURE.includes(said.reason)) renewOnce(form);
    if (said.ok) done(form, button);
  } catch {
    setError(key, document.querySelector("#stale .stale-do span").textContent);
  }
  underWay.delete(touch);
  button?.removeAttribute("aria-busy");
  await refresh();
}

function done(form, button) {
  const details = button?.closest("details");
  if (details && button.hasAttribute("data-keep-open")) chosenAt = performance.now();
  else if (details) details.open = false;
  if (form.id !== "act") form.reset();
}

// The next touch of this form is another one, though it should say the very same; while nobody
// knows what became of this one, it is the same.
function renewOnce(form) {
  const once = form.querySelector("[name=once]");
  if (once) once.value = Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
}

const hex = (byte) => byte.toString(16).padStart(2, "0");

export function startActions() {
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", (event) => {
    const back = event.target.closest?.("[data-close-details]");
    if (!back) return;
    const details = back.closest("details");
    details.open = false;
    details.querySelector("summary").focus();
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.closer") && event.target.open) {
      event.target.querySelector(".outcome")?.focus({ preventScroll: true });
      event.target.scrollIntoView({ block: "nearest" });
    }
  }, true);
  setInterval(keepErrors, 1000);
}
