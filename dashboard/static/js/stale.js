// A screen that is not up to date says so across its whole face: what, since when, what to do.
import { serverNow, stopwatch, timeOfDay } from "./clock.js";
import { live, state } from "./live.js";

const BEAT_MISSED_MS = 6000;
// A page that cannot be renewed shows old calls, however well the beat goes on.
const RENEWAL_MISSED_MS = 6000;
const box = document.getElementById("stale");
let since = null;
let isSignedOut = false;
let startedAt = 0;
// Since when renewing fails (performance.now()), and why: "store" or "beat"; null while it works.
let failing = null;

/** The server knows this screen no more. */
export function signedOut() {
  isSignedOut = true;
  look();
}

/** The page could not be renewed; why is the cause to show if that goes on. */
export function renewalFailed(why) {
  failing = { at: failing?.at ?? performance.now(), why };
}

export function renewalWorked() {
  failing = null;
}

function beatAge() {
  return performance.now() - (state.lastBeat ?? startedAt);
}

// The nearest cause first: without a beat nothing else can be known.
function cause() {
  if (isSignedOut) return "session";
  if (beatAge() > BEAT_MISSED_MS) return "beat";
  const gateway = state.gateway;
  if (!gateway) return box.dataset.cause;
  if (!gateway.broker) return "broker";
  if (gateway.state !== "online") return "gateway";
  if (!gateway.store) return "store";
  return failing && performance.now() - failing.at > RENEWAL_MISSED_MS ? failing.why : "";
}

function look() {
  const found = cause();
  showPulse(found);
  if (found !== box.dataset.cause || box.hidden === Boolean(found)) show(found);
  if (!found || since === null) return;
  box.querySelector("[data-stale-for]").textContent = `(${stopwatch(serverNow() - since)})`;
  showCalls();
}

function show(found) {
  const before = box.dataset.cause;
  box.dataset.cause = found;
  document.body.classList.toggle("is-stale", Boolean(found));
  for (const one of box.querySelectorAll("[data-why]")) one.hidden = one.dataset.why !== found;
  if (!found) since = null;
  else if (since === null) since = serverNow() - (found === "beat" ? beatAge() : 0);
  const line = box.querySelector("[data-stale-since-line]");
  // What the server wrote about a stop before this page was loaded is older and better.
  if (found && (line.hidden || before !== found)) {
    line.hidden = false;
    box.querySelector("[data-stale-since]").textContent = timeOfDay(since);
  }
  if (!found) line.hidden = true;
  box.hidden = !found;
}

// With the records away the page cannot be renewed, but the stream may still tell of calls.
function showCalls() {
  const line = box.querySelector("[data-stale-calls]");
  const labels = [...state.incidents.values()].map((one) => one.label);
  line.hidden = labels.length === 0 || box.dataset.cause !== "store";
  line.querySelector("b").textContent = labels.slice(0, 8).join(" · ");
}

function showPulse(found) {
  const pulse = document.getElementById("pulse");
  const isOn = state.lastBeat !== null && !found;
  pulse.classList.toggle("on", isOn);
  pulse.classList.toggle("off", Boolean(found));
  if (isOn || found) pulse.querySelector("span").textContent = isOn ? pulse.dataset.liveText : pulse.dataset.lostText;
}

export function startStale() {
  startedAt = performance.now();
  if (box.dataset.cause) {
    since = serverNow();
    document.body.classList.add("is-stale");
  }
  for (const name of ["beat", "gateway"]) live.addEventListener(name, look);
  live.addEventListener("open", () => (isSignedOut = false));
  setInterval(look, 500);
}
